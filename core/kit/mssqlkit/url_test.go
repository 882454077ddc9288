package mssqlkit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
)

func TestURL(t *testing.T) {
	for text, want := range map[string]string{
		`jdbc:sqlserver://db.example:1434;databaseName=shop;encrypt=true`:              `db.example 1434 "" shop "" [{encrypt true}]`,
		`jdbc:sqlserver://db\SQL2019;database=shop;user=sa;password={p;}}w}`:           `db 0 "SQL2019" shop "sa" p;}w []`,
		`JDBC:SQLServer://;serverName=db;portNumber=1500;instanceName=x`:               `db 1500 "x"  "" []`,
		`jdbc:sqlserver://[::1]:1433;DatabaseName=shop;`:                               `::1 1433 "" shop "" []`,
		`jdbc:sqlserver://db:1433/;databaseName=my shop ; loginTimeout=5`:              `db 1433 "" my shop "" [{loginTimeout 5}]`,
		`jdbc:jtds:sqlserver://db:1433/shop;instance=inst;ssl=require;useCursors=true`: `db 1433 "inst" shop "" [{ssl require} {useCursors true}]`,
		`jdbc:jtds:sqlserver://db`:                                                     `db 0 ""  "" []`,
		`jdbc:microsoft:sqlserver://db:1433;DatabaseName=shop`:                         `db 1433 "" shop "" []`,
		`sqlserver://sa:p%40ss@db:1433/inst?database=shop&app+name=a%20b`:              `db 1433 "inst" shop "sa" p@ss [{app name a b}]`,
		`sqlserver://db?user+id=sa&password=x`:                                         `db 0 ""  "sa" x []`,
	} {
		u, err := mssqlkit.ParseURL(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := fmt.Sprintf("%s %d %q %s %q %s%v", u.Host, u.Port, u.Instance, u.Database, u.User, pad(u.Password), u.Params)
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func pad(s string) string {
	if s == "" {
		return ""
	}
	return s + " "
}

func TestURLFaults(t *testing.T) {
	for text, want := range map[string]string{
		`jdbc:mysql://h/d`:                              "is no URL of SQL Server",
		`jdbc:sqlserver://`:                             "no host",
		`jdbc:sqlserver://h:99999`:                      `"h:99999" is no host:port`,
		`jdbc:sqlserver://h;portNumber=x`:               `"x" is no port`,
		`sqlserver://sa:secret/x@h`:                     "%2F",
		`jdbc:sqlserver://sa:secret@h;a=b`:              "no host:port",
		`jdbc:sqlserver://h;encrypt`:                    `"encrypt" has no value`,
		`jdbc:sqlserver://h;password={secret`:           "not closed",
		`jdbc:sqlserver://a:b:c;x=y`:                    "no host:port",
		`jdbc:sqlserver://h/shop;user=u`:                "databaseName",
		`sqlserver://sa:secret%zz@h`:                    "%",
		`sqlserver://sa:secret@h?password=secret&a=%zz`: "bad %-escape",
		`jdbc:sqlserver://u@h;a=b`:                      "no host:port",
	} {
		u, err := mssqlkit.ParseURL(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %q", text, u, err, want)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells the password: %v", text, err)
		}
	}
}

func TestSettings(t *testing.T) {
	for text, want := range map[string]string{
		`jdbc:sqlserver://h;user=u`: "h:1433 u 0s/0s {}",
		`jdbc:sqlserver://h\i;user=u;encrypt=strict;lockTimeout=500;loginTimeout=3`:                   `h\i u 3s/500ms {Mode:strict Verify:true}`,
		`jdbc:sqlserver://h;user=u;encrypt=true;trustServerCertificate=false;hostNameInCertificate=x`: "h:1433 u 0s/0s {Mode:required Verify:true Name:x}",
		`jdbc:sqlserver://h;user=u;lockTimeout=-1;encrypt=false;sslProtocol=TLSv1.2`:                  "h:1433 u 0s/0s {Least:TLSv1.2}",
		`jdbc:jtds:sqlserver://h/d;user=u;domain=CORP;ssl=authenticate;TDS=8.0;lastUpdateCount=true`:  `h:1433 CORP\u 0s/0s {Mode:required Verify:true} unused TDS,lastUpdateCount`,
		`jdbc:sqlserver://h;user=u;trustServerCertificate=true;encrypt=true`:                          "h:1433 u 0s/0s {Mode:required}",
		`jdbc:sqlserver://h;user=u;encrypt=true`:                                                      "h:1433 u 0s/0s {Mode:required Verify:true}",
		`jdbc:sqlserver://h;user=u;encrypt=strict;trustServerCertificate=true`:                        "h:1433 u 0s/0s {Mode:strict Verify:true}",
		`jdbc:jtds:sqlserver://h/d;user=u;ssl=require`:                                                "h:1433 u 0s/0s {Mode:required}",
		`jdbc:jtds:sqlserver://h/d;user=u;ssl=off`:                                                    "h:1433 u 0s/0s {Mode:disabled}",
		`jdbc:sqlserver://h;user=u;selectMethod=cursor;sendStringParametersAsUnicode=false`:           "h:1433 u 0s/0s {} unused selectMethod,sendStringParametersAsUnicode",
	} {
		u, err := mssqlkit.ParseURL(text)
		if err != nil {
			t.Fatal(err)
		}
		s, unused, err := mssqlkit.NewSettings(u, nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var tls []string
		for _, f := range []struct{ name, value string }{{"Mode", string(s.TLS.Mode)}, {"Verify", strings.TrimPrefix(fmt.Sprint(s.TLS.Verify), "false")}, {"Name", s.TLS.Name}, {"Least", s.TLS.Least}} {
			if f.value != "" {
				tls = append(tls, f.name+":"+f.value)
			}
		}
		got := fmt.Sprintf("%s %s %v/%v {%s}", s.Address(), s.User, s.ConnectTimeout, s.LockTimeout, strings.Join(tls, " "))
		if len(unused) > 0 {
			got += " unused " + strings.Join(unused, ",")
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	u, err := mssqlkit.ParseURL("jdbc:sqlserver://h:1;databaseName=a;user=u;loginTimeout=1")
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := mssqlkit.NewSettings(u, map[string]string{"databaseName": "b", "loginTimeout": "2"})
	if err != nil || s.Database != "b" || s.ConnectTimeout != 2*time.Second {
		t.Errorf("properties do not win over the URL: %+v, %v", s, err)
	}
}

func TestSettingsFaults(t *testing.T) {
	pem := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(pem, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for parameter, want := range map[string]string{
		"encrypt=perhaps": "expected true, false or strict", "integratedSecurity=true": "DOMAIN", "columnEncryptionSetting=Enabled": "Always Encrypted", "trustStore=a.jks": "keytool",
		"loginTimeout=x": "number of seconds", "authentication=ActiveDirectoryPassword": "not known", "packetSize=1000000": "32767",
		"sslProtocol=SSLv3": "no version of TLS", "trustServerCertificate=maybe": "true or false", "trustStore=a;serverCertificate=b": "exclude each other",
	} {
		u, err := mssqlkit.ParseURL("jdbc:sqlserver://h;user=u;" + parameter)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := mssqlkit.NewSettings(u, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", parameter, err, want)
		}
	}
	for _, s := range []*mssqlkit.Settings{
		{Host: "127.0.0.1", Port: 1, TLS: mssqlkit.TLS{Mode: mssqlkit.TLSRequired, CA: pem}},
		{Host: "127.0.0.1", Port: 1, TLS: mssqlkit.TLS{Mode: mssqlkit.TLSRequired, Server: pem}},
		{Host: "127.0.0.1", Port: 1, TLS: mssqlkit.TLS{Mode: mssqlkit.TLSRequired, CA: pem + "x"}},
	} {
		if _, err := mssqlkit.Dial(t.Context(), s); err == nil || !strings.Contains(err.Error(), "ca.pem") {
			t.Errorf("certificates that are none: %v", err)
		}
	}
}

// FuzzURL reads URLs: nothing panics, and what is taken names a host.
func FuzzURL(f *testing.F) {
	for _, s := range []string{`jdbc:sqlserver://db\i:1434;databaseName=shop;password={a;}}b}`, `jdbc:jtds:sqlserver://[::1]:1/d;ssl=off`, `sqlserver://u:p@h:1/i?database=d`, `jdbc:sqlserver://;serverName=h`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := mssqlkit.ParseURL(s)
		if err != nil {
			return
		}
		if u.Host == "" || u.Port < 0 || u.Port > 65535 {
			t.Errorf("%q gave %+v", s, u)
		}
		if s, _, err := mssqlkit.NewSettings(u, nil); err == nil && s.Address() == "" {
			t.Errorf("%q has no address", u.Host)
		}
	})
}
