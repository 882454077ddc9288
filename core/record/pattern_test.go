package record_test

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/record"
)

func TestPatternFitsTables(t *testing.T) {
	mysql := record.Name{Database: "Shop", Table: "Users"}
	pg := record.Name{Database: "app", Schema: "public", Table: "order_17"}
	for _, tt := range []struct {
		pattern string
		name    record.Name
		want    bool
	}{
		{"users", mysql, true}, {"shop.users", mysql, true}, {"SHOP.USERS", mysql, true}, {"shop.user", mysql, false}, {"user", mysql, false}, {"other.users", mysql, false},
		{"shop.*", mysql, true}, {"*.users", mysql, true}, {"*", mysql, true}, {"shop.user?", mysql, true}, {"shop.user??", mysql, false}, {"hop.*", mysql, false},
		{`/shop\.u.*/`, mysql, true}, {`shop\.u.*`, mysql, true}, {`/shop\.u/`, mysql, false}, {`/users|x/`, mysql, true}, {`(users|x)`, mysql, true},
		{"public.order_17", pg, true}, {"app.public.order_17", pg, true}, {"app.order_17", pg, false}, {"order_17", pg, true}, {"public.*", pg, true}, {`order_[0-9]+`, pg, true}, {`public\.order_[0-9]+`, pg, true}, {`app\..*`, pg, true},
		{`"a*b"`, record.Name{Table: "a*b"}, true}, {`"a*b"`, record.Name{Table: "axb"}, false}, {"`shop`.`users`", mysql, true},
		{"*", record.Name{}, true}, {"users", record.Name{}, false},
	} {
		p, err := record.ParsePattern(tt.pattern)
		if err != nil {
			t.Fatalf("%s: %v", tt.pattern, err)
		}
		if p.FitsTable(tt.name) != tt.want {
			t.Errorf("%s fits %s: %v, want %v", tt.pattern, tt.name, !tt.want, tt.want)
		}
	}
}

func TestPatternFaults(t *testing.T) {
	for text, want := range map[string]string{"": "is empty", " ": "is empty", `""`: "is empty", "/(/": "is no regular expression", "a(": "is no regular expression", "/a)(b/": "is no regular expression"} {
		if _, err := record.ParsePattern(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestPatternSame(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{{"a.b", "A.`B`", true}, {"a.b", "a.c", false}, {"a.*", "a.*", true}, {"a.*", "A.*", false}, {"/a/", "a", false}} {
		a, _ := record.ParsePattern(tt.a)
		b, _ := record.ParsePattern(tt.b)
		if a.Same(b) != tt.want {
			t.Errorf("%s and %s: %v", tt.a, tt.b, !tt.want)
		}
		if a.Plain() == strings.ContainsAny(tt.a, "*/") || a.String() != tt.a {
			t.Errorf("%s: plain %v, text %s", tt.a, a.Plain(), a)
		}
	}
}
