package registry_test

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/registry"
	"github.com/datasync-io/datasync/core/plugintest/changes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, c registry.Config) *registry.Client {
	t.Helper()
	client, err := registry.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

const text = `{"type":"record","name":"T","fields":[{"name":"a","type":"int"}]}`

func TestSecureRegistry(t *testing.T) {
	r := changes.NewRegistry(t, true)
	r.User, r.Password = "me", "s3cret"
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c := registry.NewConfig()
	c.URL = config.StringList{r.URL}
	s := registry.Schema{Text: text, Type: registry.Avro}
	if _, err := open(t, c).Register(t.Context(), "a", s); errclass.Of(err) != errclass.Config {
		t.Errorf("a certificate that nobody knows: got %v (%v), want a config error", err, errclass.Of(err))
	}
	c.CA = ca
	if _, err := open(t, c).Register(t.Context(), "a", s); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "username") {
		t.Errorf("without login: got %v, want a config error with the remedy", err)
	}
	c.User, c.Password = "me", config.NewSecret("s3cret")
	client := open(t, c)
	one, err := client.Register(t.Context(), "a", s)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := client.Register(t.Context(), "a", s); err != nil || again != one {
		t.Errorf("again: %d, %v", again, err)
	}
	got, err := open(t, c).Schema(t.Context(), one)
	if err != nil || got != s {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestFaults(t *testing.T) {
	r := changes.NewRegistry(t, false)
	c := registry.NewConfig()
	c.URL = config.StringList{r.URL}
	client := open(t, c)
	s := registry.Schema{Text: text, Type: registry.Avro}
	r.Failures = 1
	if _, err := client.Register(t.Context(), "a", s); errclass.Of(err) != errclass.Transient {
		t.Errorf("away: %v (%v)", err, errclass.Of(err))
	}
	r.Refuse = "a"
	if _, err := client.Register(t.Context(), "a", s); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "compatibility") {
		t.Errorf("refused: %v (%v)", err, errclass.Of(err))
	}
	if _, err := client.Schema(t.Context(), 77); errclass.Of(err) != errclass.Data {
		t.Errorf("unknown number: %v (%v)", err, errclass.Of(err))
	}
	c.Register = false
	r.Refuse = ""
	if _, err := open(t, c).Register(t.Context(), "a", s); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "autoRegister") {
		t.Errorf("not registered: %v (%v)", err, errclass.Of(err))
	}
	r.Close()
	if _, err := client.Register(t.Context(), "b", s); errclass.Of(err) != errclass.Transient {
		t.Errorf("no server: %v (%v)", err, errclass.Of(err))
	}
}

func TestFrame(t *testing.T) {
	number, body, err := registry.Unframe(append(registry.AppendHead(nil, 0x01020304), "body"...))
	if number != 0x01020304 || string(body) != "body" || err != nil {
		t.Errorf("%x %q %v", number, body, err)
	}
	for _, text := range []string{"", "\x00\x00\x00\x00", "{\"a\":1}"} {
		if _, _, err := registry.Unframe([]byte(text)); errclass.Of(err) != errclass.Data {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSubjects(t *testing.T) {
	for strategy, want := range map[string]string{registry.SubjectTopic: "t-value", registry.SubjectRecord: "s.d.u-value", registry.SubjectTopicRecord: "t-s.d.u-value"} {
		c := registry.Config{Subject: strategy}
		if got := c.SubjectOf("t", "s.d.u", "value"); got != want {
			t.Errorf("%s: %q, want %q", strategy, got, want)
		}
	}
}
