package config_test

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
)

func TestSensitive(t *testing.T) {
	for key, want := range map[string]bool{
		"password": true, "pwd": true, "druid.password": true, "secretKey": true, "secret_key": true, "sasl.jaas.config": true, "ssl.key.password": true,
		"fs.s3a.access.key": true, "accessKey": true, "privateKey": true, "token": true, "api-token": true, "dsn": true, "Authorization": true, "credentials": true,
		"username": false, "table": false, "tokenizer": false, "splitPk": false, "keytab": false, "passwordless": false,
	} {
		if got := config.Sensitive(key); got != want {
			t.Errorf("Sensitive(%s) = %v", key, got)
		}
	}
}

func TestMaskText(t *testing.T) {
	for text, want := range map[string]string{
		`login with password=hush failed`:                         `login with password=****** failed`,
		`{"password": "hu\"sh", "a": 1}`:                          `{"password": "******", "a": 1}`,
		`"required username=\"u\" password=\"hush\";"`:            `"required username=\"u\" password=\"******\";"`,
		`dial mysql://u:hush@h/d`:                                 `dial mysql://u:******@h/d`,
		`dial mysql://u:hu@sh@h/d`:                                `dial mysql://u:******@h/d`,
		`u:hush@tcp(127.0.0.1:3306)/d`:                            `u:******@tcp(127.0.0.1:3306)/d`,
		`u:hu:s@h@tcp(127.0.0.1:3306)/d`:                          `u:******@tcp(127.0.0.1:3306)/d`,
		`create user u identified by 'hu''sh' account lock`:       `create user u identified by '******' account lock`,
		`ALTER ROLE u PASSWORD 'hush'; select 1`:                  `ALTER ROLE u PASSWORD '******'; select 1`,
		`Authorization: Bearer aGk6dGhlcmU=`:                      `Authorization: Bearer ******`,
		`sqlserver://h;user=u;password={hu;sh};database=d`:        `sqlserver://h;user=u;password=******;database=d`,
		`a.password: ${env:P}: the variable P is not set`:         `a.password: ${env:P}: the variable P is not set`,
		`h.Authorization: ${env:A}: the variable A is not set`:    `h.Authorization: ${env:A}: the variable A is not set`,
		`dial tcp 127.0.0.1:3306: connect: connection refused`:    `dial tcp 127.0.0.1:3306: connect: connection refused`,
		`Access denied for user 'u'@'h' (using password: YES) 12`: `Access denied for user 'u'@'h' (using password: ******) 12`,
	} {
		if got := config.MaskText(text); got != want {
			t.Errorf("MaskText(%s) = %s, want %s", text, got, want)
		}
	}
}

// TestScrubberKnowsSpellings hides a file's secrets in any spelling, wherever they stand.
func TestScrubberKnowsSpellings(t *testing.T) {
	for _, tt := range []struct{ file, text string }{
		{`{"password": "pep/per@7"}`, `bad pep/per@7 and pep%2Fper%407 and pep%2fper%407`},
		{`{"url": "postgres://u:pep%2Fper%407@h/d"}`, `denied: pep/per@7`},
		{`{"jdbcUrl": "jdbc:mysql://h/d?user=u&password=pep,per'7&x=1"}`, `near "pep,per'7"`},
		{`{"jdbcUrl": "jdbc:sqlserver://h;user=u;password={pep;p}}er7};x=1"}`, `got pep;p}er7`},
		{`{"jdbcUrl": "jdbc:mysql://h/d?trustCertificateKeyStorePassword=pepper7"}`, `got pepper7`},
		{`{"sasl.jaas.config": "PlainLoginModule required username=\"u\" password=\"pepper7\";"}`, `got pepper7`},
		{`{"properties": {"password": "pep\"per\\7"}}`, `json "pep\"per\\7" or plain pep"per\7`},
		{`{"password": "pepper", "secretKey": "pepper-7"}`, `got pepper-7`},
		{`{"dsn": "u:pepper7@tcp(h)/d"}`, `dialling u:pepper7@tcp(h)/d with pepper7`},
	} {
		root, err := config.Parse(config.NewText("", []byte(tt.file)))
		if err != nil {
			t.Fatal(err)
		}
		got := config.Scrubber(root)(tt.text)
		for _, leak := range []string{"pep", "per", "7"} {
			if strings.Contains(got, leak) {
				t.Errorf("%s: %s became %s", tt.file, tt.text, got)
				break
			}
		}
	}
}

func TestHideLeavesShortTexts(t *testing.T) {
	hide := config.Hide([]string{"", "a", "abc", "abcd"})
	if got := hide("a abc abcd"); got != "a abc ******" {
		t.Errorf("got %q", got)
	}
}
