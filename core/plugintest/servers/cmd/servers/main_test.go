package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// TestMain lets the supervisor find its watchdog in the test binary.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "watchdog" {
		main()
	}
	os.Exit(m.Run())
}

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"", "usage:"},
		{"fly", "usage:"},
		{"run", "usage:"},
		{"run -only oracle -- true", `unknown server "oracle"`},
		{"up -nosuch", "usage:"},
		{"topic", "usage:"},
		{"topic a none", "is no number of partitions"},
	} {
		code, err := run(strings.Fields(c.args), strings.NewReader(""), &bytes.Buffer{})
		if code != 2 || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: exit code %d, %v, want 2 and %q", c.args, code, err, c.want)
		}
	}
}

func TestTopicWithoutServers(t *testing.T) {
	t.Setenv("DATASYNC_TEST_CONTROL", "")
	code, err := run([]string{"topic", "a"}, nil, nil)
	if code != 1 || err == nil || !strings.Contains(err.Error(), "DATASYNC_TEST_CONTROL is not set") {
		t.Errorf("exit code %d, %v", code, err)
	}
}

func TestRunHandsOverAndForwardsTheExitCode(t *testing.T) {
	servers.MariaDB(t)
	for script, want := range map[string]int{
		`test -S "$DATASYNC_TEST_CONTROL" && test -n "$DATASYNC_TEST_MARIADB" && test -f "$DATASYNC_TEST_CA"`: 0,
		"exit 7":     7,
		"kill -9 $$": 137,
	} {
		code, err := run([]string{"run", "-only", "mariadb", "--", "sh", "-c", script}, nil, &bytes.Buffer{})
		if err != nil || code != want {
			t.Errorf("%s: exit code %d, %v, want %d", script, code, err, want)
		}
	}
}

func TestTopic(t *testing.T) {
	servers.Kafka(t)
	name := "by-hand-" + uuid.NewString()
	if code, err := run([]string{"topic", name, "2"}, nil, nil); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v", code, err)
	}
	if code, err := run([]string{"topic", name}, nil, nil); code != 1 || err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("a second time: exit code %d, %v", code, err)
	}
}
