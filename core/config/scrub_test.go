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
		"pasword": true, "passwrd": true, "passowrd": true, "passwort": true, "userPwd": true, "keyPass": true, "db.pass": true, "apiKey": true, "basic.auth.user.info": true,
		"compass": false, "bypass": false, "cwd": false, "path": false, "key": false, "keys": false,
		"username": false, "table": false, "tokenizer": false, "splitPk": false, "keytab": false, "passwordless": false,
	} {
		if got := config.Sensitive(key); got != want {
			t.Errorf("Sensitive(%s) = %v", key, got)
		}
	}
}

func TestMaskText(t *testing.T) {
	for text, want := range map[string]string{
		`login with password=hush failed`:                                                      `login with password=****** failed`,
		`{"password": "hu\"sh", "a": 1}`:                                                       `{"password": "******", "a": 1}`,
		`"required username=\"u\" password=\"hush\";"`:                                         `"required username=\"u\" password=\"******\";"`,
		`dial mysql://u:hush@h/d`:                                                              `dial mysql://u:******@h/d`,
		`dial mysql://u:hu@sh@h/d`:                                                             `dial mysql://u:******@h/d`,
		`u:hush@tcp(127.0.0.1:3306)/d`:                                                         `u:******@tcp(127.0.0.1:3306)/d`,
		`u:hu:s@h@tcp(127.0.0.1:3306)/d`:                                                       `u:******@tcp(127.0.0.1:3306)/d`,
		`create user u identified by 'hu''sh' account lock`:                                    `create user u identified by '******' account lock`,
		`ALTER ROLE u PASSWORD 'hush'; select 1`:                                               `ALTER ROLE u PASSWORD '******'; select 1`,
		`Authorization: Bearer aGk6dGhlcmU=`:                                                   `Authorization: Bearer ******`,
		`sqlserver://h;user=u;password={hu;sh};database=d`:                                     `sqlserver://h;user=u;password=******;database=d`,
		`a.password: ${env:P}: the variable P is not set`:                                      `a.password: ${env:P}: the variable P is not set`,
		`h.Authorization: ${env:A}: the variable A is not set`:                                 `h.Authorization: ${env:A}: the variable A is not set`,
		`dial tcp 127.0.0.1:3306: connect: connection refused`:                                 `dial tcp 127.0.0.1:3306: connect: connection refused`,
		`Access denied for user 'u'@'h' (using password: YES) 12`:                              `Access denied for user 'u'@'h' (using password: YES) 12`,
		`jdbc:mysql://h/d?pasword=hush&x=1`:                                                    `jdbc:mysql://h/d?pasword=******&x=1`,
		`jdbc:mysql://u:hu/sh#?@h/d`:                                                           `jdbc:mysql://u:******@h/d`,
		`http://h:8080/a?mail=b@c`:                                                             `http://h:8080/a?mail=b@c`,
		`{"password": ["hush", "hush"], "a": 1}`:                                               `{"password": ******, "a": 1}`,
		`{"password": {"x": "hush`:                                                             `{"password": ******`,
		`"basic.auth.user.info": "u:hush"`:                                                     `"basic.auth.user.info": "******"`,
		`a.json:1:2: job.content[0].reader.parameter.password: has no effect: files are local`: `a.json:1:2: job.content[0].reader.parameter.password: has no effect: files are local`,
		`msg="job.content[0].reader.parameter.pasword: unknown key"`:                           `msg="job.content[0].reader.parameter.pasword: unknown key"`,
		`job.content[0].reader.parameter.password=hush, job.password:hush`:                     `job.content[0].reader.parameter.password=******, job.password:******`,
		`nojob.password: hush; x.job.password: hush`:                                           `nojob.password: ******; x.job.password: ******`,
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

// TestExcerptsHideSecrets breaks files in the midst of what is secret: less is known of a
// text that does not end.
func TestExcerptsHideSecrets(t *testing.T) {
	for file, want := range map[string]string{
		`{"jdbcUrl": "jdbc:mysql://u:hush`:               `{"jdbcUrl": "jdbc:******`,
		`{"jdbcUrl": "mysql//u:hush@h/d" "a": 1}`:        `{"jdbcUrl": "mysql//u:******@h/d" "a": 1}`,
		`{"jdbcUrl": "jdbc:mysql://u:hu/sh@h/d" "a": 1}`: `{"jdbcUrl": "jdbc:******@h/d" "a": 1}`,
		`{"passwrd": "hush" "a": 1}`:                     `{"passwrd": "******" "a": 1}`,
		`{"password": ["hush" "a"]}`:                     `{"password": ******}`,
		`{"password": {"a": "hush`:                       `{"password": ******`,
		`{"apiKey": "hush",`:                             `{"apiKey": "******",`,
		`{"name": "mysql`:                                `{"name": "mysql`,
	} {
		_, err := config.Parse(config.NewText("", []byte(file)))
		if err == nil || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "\n    "+want+"\n") {
			t.Errorf("%s: want %s, got %v", file, want, err)
		}
	}
}
