package mysqlkit_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

func TestParseURL(t *testing.T) {
	tests := map[string]mysqlkit.URL{
		"jdbc:mysql://db:3307/shop":       {Hosts: []string{"db:3307"}, Database: "shop"},
		"jdbc:mysql://db/shop":            {Hosts: []string{"db:3306"}, Database: "shop"},
		"jdbc:mysql://db":                 {Hosts: []string{"db:3306"}},
		"jdbc:mysql:///shop":              {Hosts: []string{"localhost:3306"}, Database: "shop"},
		"JDBC:MySQL://db:3306/":           {Hosts: []string{"db:3306"}},
		"jdbc:mariadb://[::1]:3307/x":     {Hosts: []string{"[::1]:3307"}, Database: "x"},
		"jdbc:mariadb://[::1]/x":          {Hosts: []string{"[::1]:3306"}, Database: "x"},
		"jdbc:mysql:loadbalance://a,b:7/": {Hosts: []string{"a:3306", "b:7"}},
		"jdbc:mysql://u:p%40ss@db/s?x=1":  {Hosts: []string{"db:3306"}, Database: "s", User: "u", Password: "p@ss", Params: []mysqlkit.Param{{Name: "x", Value: "1"}}},
		"jdbc:mysql://db/s?user=u&password=a%26b&serverTimezone=GMT+8&&useSSL": {Hosts: []string{"db:3306"}, Database: "s", User: "u", Password: "a&b",
			Params: []mysqlkit.Param{{Name: "serverTimezone", Value: "GMT+8"}, {Name: "useSSL"}}},
		"jdbc:mysql://db/s?serverTimezone=Asia%2FShanghai": {Hosts: []string{"db:3306"}, Database: "s", Params: []mysqlkit.Param{{Name: "serverTimezone", Value: "Asia/Shanghai"}}},
	}
	for text, want := range tests {
		got, err := mysqlkit.ParseURL(text)
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("ParseURL(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "db:3306/shop", "jdbc:postgresql://db/shop", "jdbc:mysql://db:port/shop", "jdbc:mysql://db:0/x", "jdbc:mysql://db:70000/x",
		"jdbc:mysql:srv://db/x", "jdbc:mysql://address=(host=a)/x", "jdbc:mysql://::1/x", "jdbc:mysql://db/a/b", "jdbc:mysql://db/x?a=%zz", "jdbc:mysql:db/x"} {
		if u, err := mysqlkit.ParseURL(text); err == nil {
			t.Errorf("ParseURL(%q) = %+v, want an error", text, u)
		}
	}
	for _, text := range []string{"jdbc:mysql://u:secret/x@db/shop", "jdbc:mysql://u:secret?x@db/shop", "jdbc:mysql://u:secret", "jdbc:mysql://u:secret%zz@db/shop"} {
		if u, err := mysqlkit.ParseURL(text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("ParseURL(%q) = %+v, %v", text, u, err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("jdbc:mysql://u:hidden@db:3306,b/shop?useSSL=false&x=%41")
	f.Add("jdbc:mariadb://[::1]:1/?")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := mysqlkit.ParseURL(text)
		if err != nil {
			return
		}
		if len(u.Hosts) == 0 {
			t.Fatalf("%q has no hosts", text)
		}
		again, err := mysqlkit.ParseURL("jdbc:mysql://" + strings.Join(u.Hosts, ",") + "/")
		if err != nil || !reflect.DeepEqual(again.Hosts, u.Hosts) {
			t.Fatalf("hosts %q of %q read back as %v, %v", u.Hosts, text, again, err)
		}
		if _, _, err := mysqlkit.NewSettings(u, nil); err != nil && len(u.Password) > 8 && strings.Contains(err.Error(), u.Password) {
			t.Fatalf("the password is in %q", err)
		}
	})
}

func TestSettings(t *testing.T) {
	u, err := mysqlkit.ParseURL("jdbc:mysql://db/s?useUnicode=true&characterEncoding=utf8&zeroDateTimeBehavior=convertToNull&tinyInt1isBit=false&connectTimeout=2500&autoReconnect=true&serverTimezone=UTC&sessionVariables=a=1")
	if err != nil {
		t.Fatal(err)
	}
	s, unused, err := mysqlkit.NewSettings(u, map[string]string{"tinyInt1isBit": "true", "rewriteBatchedStatements": "true"})
	if err != nil {
		t.Fatal(err)
	}
	if !s.ZeroDateNull || !s.TinyIntBool || s.ConnectTimeout != 2500*time.Millisecond || s.Variables != "a=1" {
		t.Errorf("settings %+v", s)
	}
	if got := fmt.Sprint(unused); got != "[autoReconnect serverTimezone rewriteBatchedStatements]" {
		t.Errorf("without effect: %s", got)
	}
}

func TestTLSMode(t *testing.T) {
	for query, want := range map[string]mysqlkit.TLSMode{
		"": "PREFERRED", "useSSL=true": "PREFERRED", "useSSL=false": "DISABLED", "useSSL=true&requireSSL=true": "REQUIRED",
		"useSSL=true&verifyServerCertificate=true": "VERIFY_CA", "useSSL=false&requireSSL=true": "DISABLED",
		"sslMode=verify_identity": "VERIFY_IDENTITY", "sslMode=verify-full": "VERIFY_IDENTITY", "useSSL=false&sslMode=REQUIRED": "REQUIRED", "sslMode=trust": "REQUIRED",
	} {
		u, err := mysqlkit.ParseURL("jdbc:mysql://db/s?" + query)
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := mysqlkit.NewSettings(u, nil)
		if err != nil || s.TLS.Mode != want {
			t.Errorf("%s: %v, %v, want %s", query, s.TLS.Mode, err, want)
		}
	}
	for query, text := range map[string]string{
		"sslMode=maybe": "expected one of", "useSSL=perhaps": "true or false", "sslCert=a.pem": "sslKey", "connectTimeout=soon": "milliseconds",
		"trustCertificateKeyStoreUrl=file:/x/trust.jks": "keytool -exportcert", "zeroDateTimeBehavior=round": "convertToNull",
	} {
		u, err := mysqlkit.ParseURL("jdbc:mysql://db/s?" + query)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := mysqlkit.NewSettings(u, nil); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v, want an error with %q", query, err, text)
		}
	}
}

func TestParseServer(t *testing.T) {
	for version, want := range map[string]string{
		"8.0.31": "MySQL 8.0.31", "5.5.5-10.11.6-MariaDB-0+deb12u1": "MariaDB 10.11.6-MariaDB-0+deb12u1", "5.7.25-TiDB-v7.5.0": "TiDB 5.7.25-TiDB-v7.5.0", "": "MySQL ",
	} {
		if got := mysqlkit.ParseServer(version).String(); got != want {
			t.Errorf("ParseServer(%q) = %q, want %q", version, got, want)
		}
	}
}
