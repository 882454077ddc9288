package mssqlkit_test

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
)

func TestTLS(t *testing.T) {
	own, file := tdspeer.Certificate(t)
	_, other := tdspeer.Certificate(t)
	for name, x := range map[string]struct {
		tls        mssqlkit.TLS
		encryption byte
		plain      bool   // the server does not encrypt
		text       string // of the error; "": there is none
	}{
		"the login alone":          {tls: mssqlkit.TLS{}, encryption: tdspeer.EncryptLogin},
		"the server wants all":     {tls: mssqlkit.TLS{}, encryption: tdspeer.EncryptAll},
		"trusted":                  {tls: mssqlkit.TLS{Mode: mssqlkit.TLSRequired}},
		"an authority":             {tls: mssqlkit.TLS{Mode: mssqlkit.TLSRequired, Verify: true, CA: file}},
		"another authority":        {tls: mssqlkit.TLS{Mode: mssqlkit.TLSRequired, Verify: true, CA: other}, text: "trustStore"},
		"the system's authorities": {tls: mssqlkit.TLS{Mode: mssqlkit.TLSRequired, Verify: true}, text: "trustServerCertificate"},
		"another name":             {tls: mssqlkit.TLS{Mode: mssqlkit.TLSRequired, Verify: true, CA: file, Name: "db.example"}, text: "db.example"},
		"this certificate":         {tls: mssqlkit.TLS{Mode: mssqlkit.TLSRequired, Server: file}},
		"another certificate":      {tls: mssqlkit.TLS{Mode: mssqlkit.TLSRequired, Server: other}, text: "not the one in"},
		"strict":                   {tls: mssqlkit.TLS{Mode: mssqlkit.TLSStrict, Verify: true, CA: file}},
		"strict, unknown":          {tls: mssqlkit.TLS{Mode: mssqlkit.TLSStrict, Verify: true}, text: "trustStore"},
		"plain":                    {tls: mssqlkit.TLS{}, plain: true},
		"disabled":                 {tls: mssqlkit.TLS{Mode: mssqlkit.TLSDisabled}, plain: true},
	} {
		t.Run(name, func(t *testing.T) {
			peer := tdspeer.Start(t, answers(map[string]tdspeer.Result{"SELECT": {Columns: columnsOf("a int"), Rows: [][]any{{42}}}}))
			if peer.Encryption = x.encryption; !x.plain {
				peer.TLS = &own
			}
			s := settings(peer)
			s.TLS = x.tls
			c, err := mssqlkit.Dial(t.Context(), s)
			if x.text != "" {
				if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), x.text) {
					t.Fatalf("class %s: %v, want %q", errclass.Of(err), err, x.text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			if row, err := c.First(t.Context(), "SELECT 42"); err != nil || *row[0] != "42" {
				t.Errorf("%v, %v", row, err)
			}
		})
	}
}
