package launcher_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

const copiedMessages = 60_000

func copyTopicJob(addr, from, to string, channels int) string {
	return fmt.Sprintf(`{"job":{"content":[{
		"reader":{"name":"kafkareader","parameter":{"topic":%q,"mode":"earliest-offset","groupId":"copy","consumerSettings":{"bootstrap.servers":%q,"fetch.max.bytes":65536}}},
		"writer":{"name":"kafkawriter","parameter":{"topic":%q,"format":"json","semantic":"exactly-once","producerSettings":{"bootstrap.servers":%q}}}}],
		"setting":{"speed":{"channel":%d,"record":%d}}}}`, from, addr, to, addr, channels, copiedMessages) // it takes a second: longer than the first runs live
}

// TestKilledTopicCopies copies a topic into another one, in processes that are
// killed at random instants and have another number of channels each time: a
// consumer of committed messages sees each message once.
func TestKilledTopicCopies(t *testing.T) {
	kafka := servers.Kafka(t)
	from, to := kafka.Topic(t, 4), kafka.Topic(t, 2)
	var want multiset
	seed := maphash.MakeSeed()
	var messages []topics.Message
	for i := range copiedMessages {
		text := "message " + strconv.Itoa(i)
		messages = append(messages, topics.Message{Key: []byte(text), Value: []byte(text)})
		want.lines++
		want.sum += maphash.String(seed, `{"message":"`+text+`"}`)
	}
	topics.Write(t, kafka.Addr(), from, messages...)
	state := filepath.Join(t.TempDir(), "state")
	rnd := rand.New(rand.NewPCG(7, 8))
	kills := 0
	for got := (multiset{}); got.lines < want.lines; kills++ {
		if kills > 60 {
			t.Fatalf("%d of %d messages were copied between 60 kills", got.lines, want.lines)
		}
		channels := []int{4, 2, 1, 3}[kills%4]
		child := exec.Command(os.Args[0], "-test.run=^TestKilledTopicCopyChild$")
		child.Env = append(os.Environ(), "DATASYNC_TEST_COPY_KAFKA="+kafka.Addr(), "DATASYNC_TEST_COPY_FROM="+from, "DATASYNC_TEST_COPY_TO="+to,
			"DATASYNC_TEST_COPY_STATE="+state, "DATASYNC_TEST_COPY_CHANNELS="+strconv.Itoa(channels))
		var said bytes.Buffer
		child.Stdout, child.Stderr = &said, &said
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(200+rnd.IntN(300+100*kills))*time.Millisecond, func() { _ = child.Process.Kill() })
		_ = child.Wait() // it never ends by itself
		timer.Stop()
		if child.ProcessState.ExitCode() != -1 {
			t.Fatalf("a run failed by itself: %s", &said)
		}
		got = bodies(topics.Read(t, kafka.Addr(), to), seed) // what was killed leaves a transaction open
		if got.lines >= want.lines && got != want {
			t.Fatalf("%d messages arrived, want %d, the same ones", got.lines, want.lines)
		}
	}
	t.Logf("%d runs were killed", kills)
	if kills < 2 {
		t.Error("hardly a run was killed: nothing is shown")
	}
}

func TestKilledTopicCopyChild(t *testing.T) {
	addr := os.Getenv("DATASYNC_TEST_COPY_KAFKA")
	if addr == "" {
		return // the child's part
	}
	channels, err := strconv.Atoi(os.Getenv("DATASYNC_TEST_COPY_CHANNELS"))
	if err != nil {
		t.Fatal(err)
	}
	text := copyTopicJob(addr, os.Getenv("DATASYNC_TEST_COPY_FROM"), os.Getenv("DATASYNC_TEST_COPY_TO"), channels)
	if r := runCopy(t.Context(), t, text, os.Getenv("DATASYNC_TEST_COPY_TO"), os.Getenv("DATASYNC_TEST_COPY_STATE")); r.Err != nil {
		t.Fatal(r.Err)
	}
}

func runCopy(ctx context.Context, t *testing.T, text, name, state string) *launcher.Result {
	t.Helper()
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	j, err := job.Parse([]byte(text), job.Options{File: "copy.json", JobName: name, ConfProp: `{"flink.checkpoint.interval":"50"}`})
	if err != nil {
		t.Fatal(err)
	}
	r, err := launcher.New(j, launcher.Options{Registry: registry, StateDir: state, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return r.Run(ctx, ctx)
}
