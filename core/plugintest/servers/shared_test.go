package servers_test

import (
	"testing"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

func TestSharedSQLServers(t *testing.T) {
	for name, get := range map[string]func(testing.TB) servers.SQLServer{"mysql": servers.MySQL, "mariadb": servers.MariaDB} {
		t.Run(name, func(t *testing.T) {
			db := get(t).DB(t)
			db.Exec(t, "CREATE TABLE a (id INT PRIMARY KEY, s VARCHAR(20))", "INSERT INTO a VALUES (1, 'é'), (2, '😀')")
			r, err := db.Connect(t).Execute("SELECT COUNT(*) FROM a")
			if err != nil {
				t.Fatal(err)
			}
			if n, _ := r.GetInt(0, 0); n != 2 {
				t.Errorf("found %d rows, want 2", n)
			}
		})
	}
}

func TestSharedKafka(t *testing.T) {
	k := servers.Kafka(t)
	topic := k.Topic(t, 3, "max.message.bytes=2000000")
	produce(t, k.Addr(), topic)
}

// produce sends one message with acks of all.
func produce(t *testing.T, addr, topic string) {
	t.Helper()
	if err := send(addr, topic, nil); err != nil {
		t.Fatal(err)
	}
}

func send(addr, topic string, adjust func(*sarama.Config)) error {
	c := sarama.NewConfig()
	c.Version = sarama.V4_0_0_0
	c.Producer.Return.Successes = true
	c.Producer.RequiredAcks = sarama.WaitForAll
	c.Producer.Retry.Max = 0
	c.Metadata.Retry.Max = 0
	if adjust != nil {
		adjust(c)
	}
	p, err := sarama.NewSyncProducer([]string{addr}, c)
	if err != nil {
		return err
	}
	_, _, err = p.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder("x")})
	if cerr := p.Close(); err == nil {
		err = cerr
	}
	return err
}
