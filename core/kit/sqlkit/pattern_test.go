package sqlkit_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		text, parent string
		plain, every bool
		fits, not    []string
	}{
		{text: "orders", plain: true},
		{text: " shop.orders ", plain: true},
		{text: "`odd*name`", plain: true},
		{text: `"s"."t?"`, plain: true},
		{text: "[dbo].[a*b]", plain: true},
		{text: "a+b(c)|$d^{1}", plain: true},
		{text: "order_*", fits: []string{"order_", "order_1", "order_a.b"}, not: []string{"orders", "1order_1"}},
		{text: "t?", fits: []string{"t1", "té"}, not: []string{"t", "t12"}},
		{text: "shop.*", parent: "shop", fits: []string{"a", "a b"}},
		{text: "`my.shop`.t*", parent: "my.shop", fits: []string{"t"}, not: []string{"x"}},
		{text: "/order_[0-9]+/", fits: []string{"order_12"}, not: []string{"order_", "order_1x", "xorder_1"}},
		{text: "/a|b/", fits: []string{"a", "b"}, not: []string{"ab", "ax"}},
		{text: "shop./t.[12]/", parent: "shop", fits: []string{"tx1"}, not: []string{"t1"}},
		{text: "shop_*.orders", every: true, fits: []string{"orders"}, not: []string{"order"}},
	} {
		p, err := sqlkit.ParsePattern(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if parent, every := p.Parent(); p.IsPlain() != tt.plain || parent != tt.parent || every != tt.every {
			t.Errorf("%s: plain %t, in %q, every %t", tt.text, p.IsPlain(), parent, every)
		}
		for _, name := range tt.fits {
			if !p.FitsTable(name) {
				t.Errorf("%s does not fit %q", tt.text, name)
			}
		}
		for _, name := range tt.not {
			if p.FitsTable(name) {
				t.Errorf("%s fits %q", tt.text, name)
			}
		}
	}
	for text, want := range map[string]bool{"user_[0-9]+": true, "a|b": true, "orders": false, "my-table": false, "order_*": false, "`a+b`": false, "/x+/": false} {
		if sqlkit.IsRegexp(text) != want {
			t.Errorf("IsRegexp(%s) is not %t", text, want)
		}
	}
	for _, text := range []string{"", "a.", "/(/", "`a", "a.b.c*", "/a"} {
		if p, err := sqlkit.ParsePattern(text); err == nil {
			t.Errorf("%q was read as %+v", text, p)
		}
	}
	p, err := sqlkit.RegexpPattern("db_[0-9]", "user.*")
	if _, every := p.Parent(); err != nil || !every || !p.FitsSchema("db_1") || p.FitsSchema("xdb_1") || !p.FitsTable("user.x") || p.FitsTable("auser") {
		t.Errorf("regular expressions: %+v, %v", p, err)
	}
}
