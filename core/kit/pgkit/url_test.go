package pgkit_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/pgkit"
)

func TestParseURL(t *testing.T) {
	for _, tt := range []struct {
		url  string
		want pgkit.URL
	}{
		{"jdbc:postgresql://h:5433/db", pgkit.URL{Hosts: []string{"h:5433"}, Database: "db"}},
		{"jdbc:postgresql://a,b:6000/db?currentSchema=s&ssl", pgkit.URL{Hosts: []string{"a:5432", "b:6000"}, Database: "db",
			Params: []pgkit.Param{{Name: "currentSchema", Value: "s"}, {Name: "ssl"}}}},
		{"jdbc:postgresql:db", pgkit.URL{Hosts: []string{"localhost:5432"}, Database: "db"}},
		{"jdbc:postgresql://[::1]/", pgkit.URL{Hosts: []string{"[::1]:5432"}}},
		{"postgres://u%40x:p%2Fw@h/d%20b?user=v", pgkit.URL{Hosts: []string{"h:5432"}, Database: "d b", User: "v", Password: "p/w"}},
		{" JDBC:POSTGRESQL://h/db?user=u&password=a+b%26c ", pgkit.URL{Hosts: []string{"h:5432"}, Database: "db", User: "u", Password: "a+b&c"}},
	} {
		got, err := pgkit.ParseURL(tt.url)
		if err != nil || !reflect.DeepEqual(*got, tt.want) {
			t.Errorf("%s: got %+v, %v", tt.url, got, err)
		}
	}
	for _, bad := range []string{"", "jdbc:mysql://h/d", "jdbc:postgresql://h:0/d", "jdbc:postgresql://h:x/d", "jdbc:postgresql://a b/d",
		"jdbc:postgresql://::1/d", "jdbc:postgresql://u:secret%zz@h/d", "jdbc:postgresql://h/d?password=secret%zz", "jdbc:postgresql://u:secret/x@h/d", "postgres://u:secret?x@h/d"} {
		if _, err := pgkit.ParseURL(bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

func TestSettings(t *testing.T) {
	u, err := pgkit.ParseURL(`jdbc:postgresql://h/d?connectTimeout=7&currentSchema=a,"B ""q"&reWriteBatchedInserts=true&options=-c%20a.b=x%5C%20y%20--work-mem=1MB`)
	if err != nil {
		t.Fatal(err)
	}
	s, unused, err := pgkit.NewSettings(u, map[string]string{"prepareThreshold": "0", "sslmode": "VERIFY-FULL"})
	if err != nil {
		t.Fatal(err)
	}
	if s.ConnectTimeout != 7*time.Second || !reflect.DeepEqual(s.Schemas, []string{"a", `B "q`}) || s.TLS.Mode != pgkit.TLSVerifyFull ||
		!reflect.DeepEqual(s.Variables, []string{"a.b=x y", "work_mem=1MB"}) {
		t.Errorf("got %+v", s)
	}
	if !reflect.DeepEqual(unused, []string{"reWriteBatchedInserts", "prepareThreshold"}) {
		t.Errorf("unused: %v", unused)
	}
	for name, value := range map[string]string{
		"connectTimeout": "soon", "sslmode": "maybe", "sslkey": "a.p12", "sslcert": "only.pem", "targetServerType": "best",
		"options": "-c nothing", "currentSchema": "a,,b", "sslpassword": "s3cret",
	} {
		if _, _, err := pgkit.NewSettings(u, map[string]string{name: value}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s=%s: got %v", name, value, err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("jdbc:postgresql://a:1,b/db?x=y")
	f.Add("postgresql://u:p@[::1]/d?options=-c%20a=b")
	f.Fuzz(func(_ *testing.T, text string) {
		if u, err := pgkit.ParseURL(text); err == nil {
			_, _, _ = pgkit.NewSettings(u, nil)
		}
	})
}
