package launcher_test

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
	"github.com/datasync-io/datasync/launcher"
)

const killKafkaRows = 400_000 // of each of two channels

func killKafkaJob(addr, topic string) string {
	return fmt.Sprintf(`{"job":{"content":[{
		"reader":{"name":"streamreader","parameter":{"seed":"7","sliceRecordCount":[%d,%d],"column":[{"name":"id","type":"id"},{"name":"name","type":"string"},{"name":"price","type":"decimal"}]}},
		"writer":{"name":"kafkawriter","parameter":{"topic":%q,"format":"json","semantic":"exactly-once","producerSettings":{"bootstrap.servers":%q}}}}],
		"setting":{"speed":{"channel":2},"restore":{"isRestore":true}}}}`, killKafkaRows, killKafkaRows, topic, addr)
}

// TestKilledRunsCommitOnce kills a process that writes to Kafka, with SIGKILL
// at random instants, and starts it again until one has finished: a consumer
// of committed messages sees each row once.
func TestKilledRunsCommitOnce(t *testing.T) {
	kafka := servers.Kafka(t)
	whole, killed := kafka.Topic(t, 2), kafka.Topic(t, 2)
	dir := t.TempDir()
	if r := runKillKafkaJob(t.Context(), t, kafka.Addr(), whole, "", filepath.Join(dir, "state-whole")); r.Err != nil {
		t.Fatal(r.Err)
	}
	state := filepath.Join(dir, "state")
	rnd := rand.New(rand.NewPCG(5, 6))
	killing{test: "TestKilledKafkaChild", state: state, identity: killed + "-0", most: 200,
		env:   []string{"DATASYNC_TEST_KILL_KAFKA=" + kafka.Addr(), "DATASYNC_TEST_KILL_TOPIC=" + killed, "DATASYNC_TEST_KILL_STATE=" + state},
		after: func(kills int) time.Duration { return time.Duration(60+rnd.IntN(150+15*kills)) * time.Millisecond },
	}.run(t)
	seed := maphash.MakeSeed()
	want, got := bodies(topics.ReadEnded(t, kafka.Addr(), whole), seed), bodies(topics.ReadEnded(t, kafka.Addr(), killed), seed)
	if want.lines != 2*killKafkaRows {
		t.Fatalf("the undisturbed run has written %d rows, want %d", want.lines, 2*killKafkaRows)
	}
	if got != want {
		t.Errorf("%d rows arrived, want %d, the same ones", got.lines, want.lines)
	}
}

// bodies are the messages of a topic.
func bodies(messages [][]*sarama.ConsumerMessage, seed maphash.Seed) (all multiset) {
	for _, partition := range messages {
		for _, m := range partition {
			all.lines++
			all.sum += maphash.Bytes(seed, m.Value)
		}
	}
	return all
}

func TestKilledKafkaChild(t *testing.T) {
	addr := os.Getenv("DATASYNC_TEST_KILL_KAFKA")
	if addr == "" {
		return // the child's part
	}
	topic := os.Getenv("DATASYNC_TEST_KILL_TOPIC")
	if r := runKillKafkaJob(t.Context(), t, addr, topic, topic, os.Getenv("DATASYNC_TEST_KILL_STATE")); r.Err != nil {
		t.Fatal(r.Err)
	}
}

func runKillKafkaJob(ctx context.Context, t *testing.T, addr, topic, name, state string) *launcher.Result {
	t.Helper()
	return runText(ctx, t, killKafkaJob(addr, topic), "killkafka.json", name, state, "50")
}
