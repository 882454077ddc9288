package servers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// log4j2 shows warnings; the broker's chatter at INFO costs start-up time.
const log4j2 = `<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="%d %p %c: %m%n"/></Console></Appenders>
  <Loggers><Root level="WARN"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
`

// kafkaCluster identifies the one-node cluster; every copy of the template has it.
const kafkaCluster = "ZGF0YXN5bmMtdGVzdHMtMQ"

// kafkaEngine runs one node that is broker and controller. Listeners: PLAINTEXT
// is direct, for tests and for the supervisor's own orders; PROXIED tells
// clients the proxy's address, so that they stay behind it.
type kafkaEngine struct {
	s          *Supervisor
	dir        string
	opts       options
	jars       string
	proxyAddr  string
	plain      int
	proxied    int
	controller int
	sasl       int
	tls        int
	saslTLS    int
}

func newKafkaEngine(s *Supervisor, dir string, o options) engine {
	return &kafkaEngine{s: s, dir: dir, opts: o}
}

func (e *kafkaEngine) prepare(ctx context.Context, info *Info) error {
	if err := e.s.installPackages(ctx, []Kind{KindKafka}, false); err != nil {
		return err
	}
	template, err := e.s.kafkaTemplate(ctx)
	if err != nil {
		return err
	}
	if e.jars, err = e.s.kafkaJars(ctx); err != nil {
		return err
	}
	if err := copyTree(e.data(), template, nil); err != nil {
		return fmt.Errorf("copying initialised data: %w", err)
	}
	e.proxyAddr = info.ProxyAddr
	if err := e.takePorts(info); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(e.dir, "log4j2.xml"), []byte(log4j2), 0o644); err != nil {
		return err
	}
	info.Log = filepath.Join(e.dir, "log")
	return os.WriteFile(e.config(), []byte(e.properties()), 0o644)
}

// takePorts takes one port per listener that is asked for.
func (e *kafkaEngine) takePorts(info *Info) (err error) {
	for _, l := range []struct {
		wanted bool
		port   *int
		addr   *string
	}{
		{true, &e.plain, &info.Addr},
		{true, &e.controller, nil},
		{e.opts.Proxy, &e.proxied, nil},
		{e.opts.SASL, &e.sasl, &info.SASLAddr},
		{e.opts.TLS, &e.tls, &info.TLSAddr},
		{e.opts.SASL && e.opts.TLS, &e.saslTLS, &info.SASLTLSAddr},
	} {
		if !l.wanted {
			continue
		}
		if *l.port, err = e.s.ports.take(); err != nil {
			return err
		}
		if l.addr != nil {
			*l.addr = loopback(*l.port)
		}
	}
	return nil
}

func (e *kafkaEngine) data() string    { return filepath.Join(e.dir, "data") }
func (e *kafkaEngine) config() string  { return filepath.Join(e.dir, "server.properties") }
func (e *kafkaEngine) backend() string { return loopback(e.proxied) }

func (e *kafkaEngine) launch() (*process, error) {
	args := []string{"-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}
	if e.opts.Bench {
		// The heap of kafka-server-start.sh, in memory that the machine has given.
		args = []string{"-Xms1g", "-Xmx1g", "-XX:+AlwaysPreTouch"}
	}
	args = append(args, "-Xshare:auto", "-Dlog4j2.configurationFile="+filepath.Join(e.dir, "log4j2.xml"),
		"-cp", filepath.Join(e.jars, "*"), "kafka.Kafka", e.config())
	return e.s.start(program{name: "kafka", path: "java", args: args, dir: e.dir, log: filepath.Join(e.dir, "log")}, nil)
}

// kafkaTemplate gives formatted data with the SASL accounts of users.go.
func (s *Supervisor) kafkaTemplate(ctx context.Context) (string, error) {
	jars, err := s.kafkaJars(ctx)
	if err != nil {
		return "", err
	}
	format := []string{"format", "-t", kafkaCluster, "-c", "", "--ignore-formatted"}
	for _, u := range kafkaUsers() {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
			format = append(format, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, u.name, u.password))
		}
	}
	return s.cache.entry(ctx, kafkaEntry+"-data-"+fingerprint(append(format, "1")...), func(dir string) error {
		s.log.Info("formatting kafka's data")
		work, err := s.folder("init")
		if err != nil {
			return err
		}
		// Any addresses do: formatted data does not keep them.
		e := &kafkaEngine{s: s, dir: work, plain: 1, controller: 2}
		lines := e.properties() + "log.dirs=" + dir + "\n"
		if err := os.WriteFile(e.config(), []byte(lines), 0o644); err != nil {
			return err
		}
		format[4] = e.config()
		return s.run(ctx, program{
			name: "kafka's StorageTool", path: "java", log: filepath.Join(work, "log"), dir: work,
			args: append([]string{"-XX:TieredStopAtLevel=1", "-cp", filepath.Join(jars, "*"), "kafka.tools.StorageTool"}, format...),
		})
	})
}

type account struct{ name, password string }

func kafkaUsers() []account {
	return []account{{AdminUser, AdminPassword}, {ClientUser, ClientPassword}}
}

// properties is the text of server.properties.
func (e *kafkaEngine) properties() string {
	lines := []string{
		"process.roles=broker,controller",
		"node.id=1",
		"controller.quorum.voters=1@" + loopback(e.controller),
		"controller.listener.names=CONTROLLER",
		"inter.broker.listener.name=PLAINTEXT",
		"log.dirs=" + e.data(),
		"auto.create.topics.enable=false",
		"offsets.topic.replication.factor=1",
		"offsets.topic.num.partitions=1",
		"transaction.state.log.replication.factor=1",
		"transaction.state.log.min.isr=1",
		"transaction.state.log.num.partitions=1",
		"share.coordinator.state.topic.replication.factor=1",
		"share.coordinator.state.topic.min.isr=1",
		"group.initial.rebalance.delay.ms=0",
		// A broker that was killed is welcome back after the session timeout.
		"broker.session.timeout.ms=1500",
		"broker.heartbeat.interval.ms=500",
		"log.segment.bytes=134217728",
		// Records with old timestamps are deleted otherwise.
		"log.retention.ms=-1",
		"log.cleaner.dedupe.buffer.size=4194304",
	}
	lines = append(lines, e.listeners()...)
	lines = append(lines, e.security()...)
	lines = append(lines, e.opts.Config...)
	return strings.Join(lines, "\n") + "\n"
}

// listeners gives each listener its port, protocol and advertised address.
func (e *kafkaEngine) listeners() []string {
	var listen, advertise, protocols []string
	add := func(name, protocol string, port int, advertised string) {
		if port == 0 {
			return
		}
		listen = append(listen, name+"://"+loopback(port))
		advertise = append(advertise, name+"://"+advertised)
		protocols = append(protocols, name+":"+protocol)
	}
	add("PLAINTEXT", "PLAINTEXT", e.plain, loopback(e.plain))
	add("PROXIED", "PLAINTEXT", e.proxied, e.proxyAddr)
	add("SASL", "SASL_PLAINTEXT", e.sasl, loopback(e.sasl))
	add("TLS", "SSL", e.tls, loopback(e.tls))
	add("SASLTLS", "SASL_SSL", e.saslTLS, loopback(e.saslTLS))
	listen = append(listen, "CONTROLLER://"+loopback(e.controller))
	protocols = append(protocols, "CONTROLLER:PLAINTEXT")
	return []string{
		"listeners=" + strings.Join(listen, ","),
		"advertised.listeners=" + strings.Join(advertise, ","),
		"listener.security.protocol.map=" + strings.Join(protocols, ","),
	}
}

// security configures SASL, TLS and ACLs.
func (e *kafkaEngine) security() []string {
	var lines []string
	if e.opts.SASL {
		lines = append(lines, "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512")
		plain := "org.apache.kafka.common.security.plain.PlainLoginModule required"
		for _, u := range kafkaUsers() {
			plain += fmt.Sprintf(" user_%s=%q", u.name, u.password)
		}
		const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required"
		for _, l := range []string{"sasl", "sasltls"} {
			lines = append(lines,
				"listener.name."+l+".plain.sasl.jaas.config="+plain+";",
				"listener.name."+l+".scram-sha-256.sasl.jaas.config="+scram+";",
				"listener.name."+l+".scram-sha-512.sasl.jaas.config="+scram+";")
		}
	}
	if e.opts.TLS {
		lines = append(lines,
			"ssl.keystore.type=PEM", "ssl.keystore.location="+e.s.ca.store,
			"ssl.truststore.type=PEM", "ssl.truststore.location="+e.s.ca.file,
			"ssl.client.auth=requested")
	}
	if e.opts.ACL {
		lines = append(lines,
			"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
			"allow.everyone.if.no.acl.found=false",
			"super.users=User:ANONYMOUS;User:"+AdminUser)
	}
	return lines
}
