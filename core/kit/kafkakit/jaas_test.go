package kafkakit

import (
	"maps"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
)

func TestParseLogin(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		module     string // "": an error
		options    map[string]string
	}{
		{"plain", `org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="s3cret";`, "PlainLoginModule",
			map[string]string{"username": "alice", "password": "s3cret"}},
		{"over lines, single quotes, blanks", "\norg.apache.kafka.common.security.scram.ScramLoginModule  required\n username = 'a'\n\tpassword='b c' ;\n", "ScramLoginModule",
			map[string]string{"username": "a", "password": "b c"}},
		{"escapes and signs in a value", `x.PlainLoginModule required username="a" password="q\"=;\\'";`, "PlainLoginModule",
			map[string]string{"username": "a", "password": `q"=;\'`}},
		{"bare values", `PlainLoginModule required username=a password=b serviceName=kafka;`, "PlainLoginModule",
			map[string]string{"username": "a", "password": "b", "serviceName": "kafka"}},
		{"no semicolon", `x.PlainLoginModule required username="alice" password="s3cret"`, "", nil},
		{"open quote", `x.PlainLoginModule required username="alice" password="s3cret;`, "", nil},
		{"no value", `x.PlainLoginModule required username s3cret;`, "", nil},
		{"nothing", ``, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := parseLogin(config.NewSecret(tt.text))
			if tt.module == "" {
				if err == nil || strings.Contains(err.Error(), "s3cret") {
					t.Errorf("got error %v, want one without the password", err)
				}
				return
			}
			if err != nil || l.module != tt.module || !maps.Equal(l.options, tt.options) {
				t.Errorf("got %+v, %v", l, err)
			}
		})
	}
}
