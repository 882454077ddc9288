package kafkakit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// access is what properties of producers and consumers have in common: how the
// brokers are reached.
type access struct {
	Connection Connection

	jaas config.Secret
}

// SetServers is for job files that name the brokers elsewhere: it sets them
// where bootstrap.servers did not.
func (a *access) SetServers(list string) {
	if len(a.Connection.Servers) == 0 {
		a.Connection.Servers = commaList(list)
	}
}

// decodeProperties takes in the properties of an object. setter returns what
// takes one in, of those that are known; none are known to mean nothing.
func decodeProperties(d *config.Decoder, setter func(name string) func(text string) error, known []string, none map[string]string) error {
	n := d.Node()
	if n.Kind() != config.ObjectKind {
		return n.Errorf("expected an object of the Java client's properties, found %s", n.Kind())
	}
	var errs []error
	for _, m := range n.Members() {
		if m.Node.Unset() && (m.Name != identification || m.Node.Kind() != config.StringKind) {
			continue
		}
		why, without := none[m.Name]
		if !without {
			why, without = noEffect[m.Name]
		}
		set := setter(m.Name)
		switch {
		case set != nil:
			text, err := propertyText(m.Node)
			if err == nil {
				err = set(text)
			}
			if err != nil {
				errs = append(errs, m.Node.Errorf("%v", err))
			}
		case without:
			d.Notes().Inform(m.Node.Errorf("has no effect: %s", why))
		default:
			d.Notes().Warn(m.Node.Errorf("has no effect: %s", unknownProperty(m.Name, slices.Concat(known, propertyNames(none), propertyNames(noEffect)))))
		}
	}
	return errors.Join(errs...)
}

// describeProperties is the documentation of an object of properties.
func describeProperties(names []string) (string, []config.Key) {
	var keys []config.Key
	slices.Sort(names)
	for _, name := range names {
		keys = append(keys, config.Key{Name: name, Type: "text"})
	}
	return "properties of Kafka's Java client", keys
}

func propertyNames[V any](table map[string]V) []string { return slices.Collect(maps.Keys(table)) }

// propertyText returns a property as Java's Properties would hold it; a list
// stands for its elements parted by commas.
func propertyText(n *config.Node) (string, error) {
	switch n.Kind() {
	case config.ListKind:
		var parts []string
		for _, item := range n.Items() {
			parts = append(parts, item.Text())
		}
		return strings.Join(parts, ","), nil
	case config.ObjectKind:
		return "", fmt.Errorf("expected a text, found %s", n.Kind())
	default:
		return n.Text(), nil
	}
}

func unknownProperty(name string, names []string) string {
	slices.Sort(names)
	if near := config.Nearest(name, names); near != "" {
		return fmt.Sprintf("unknown property, did you mean %q?", near)
	}
	return "unknown property"
}

// connectionProperties are those of producers and consumers.
var connectionProperties = map[string]func(a *access, text string) error{
	"bootstrap.servers": func(a *access, s string) error {
		a.Connection.Servers = commaList(s)
		return nil
	},
	"client.id": func(a *access, s string) error { return setText(&a.Connection.ClientID, s) },
	"security.protocol": func(a *access, s string) error {
		return setOneOf(&a.Connection.Protocol, s, "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
	},
	"sasl.mechanism": func(a *access, s string) error {
		return setText(&a.Connection.Mechanism, strings.ToUpper(s))
	},
	"sasl.jaas.config": func(a *access, s string) error {
		a.jaas = config.NewSecret(s)
		return nil
	},
	"request.timeout.ms":                 func(a *access, s string) error { return setMillis(&a.Connection.RequestTimeout, s) },
	"socket.connection.setup.timeout.ms": func(a *access, s string) error { return setMillis(&a.Connection.DialTimeout, s) },
	"metadata.max.age.ms":                func(a *access, s string) error { return setMillis(&a.Connection.MetadataMaxAge, s) },
	"retry.backoff.ms":                   func(a *access, s string) error { return setMillis(&a.Connection.RetryBackoff, s) },
	"retry.backoff.max.ms":               func(a *access, s string) error { return setMillis(&a.Connection.RetryBackoffMax, s) },
	"ssl.truststore.type":                func(a *access, s string) error { return setStore(&a.Connection.TLS.Trust.Type, s) },
	"ssl.truststore.location":            func(a *access, s string) error { return setText(&a.Connection.TLS.Trust.Location, s) },
	"ssl.truststore.password":            func(a *access, s string) error { return setSecret(&a.Connection.TLS.Trust.Password, s) },
	"ssl.truststore.certificates":        func(a *access, s string) error { return setText(&a.Connection.TLS.Trust.Certificates, s) },
	"ssl.keystore.type":                  func(a *access, s string) error { return setStore(&a.Connection.TLS.Key.Type, s) },
	"ssl.keystore.location":              func(a *access, s string) error { return setText(&a.Connection.TLS.Key.Location, s) },
	"ssl.keystore.password":              func(a *access, s string) error { return setSecret(&a.Connection.TLS.Key.Password, s) },
	"ssl.keystore.certificate.chain":     func(a *access, s string) error { return setText(&a.Connection.TLS.Key.Certificates, s) },
	"ssl.keystore.key":                   func(a *access, s string) error { return setSecret(&a.Connection.TLS.PrivateKey, s) },
	"ssl.key.password":                   func(a *access, s string) error { return setSecret(&a.Connection.TLS.KeyPassword, s) },
	identification:                       setIdentification,
}

func setText(dst *string, s string) error {
	*dst = strings.TrimSpace(s)
	return nil
}

func setSecret(dst *config.Secret, s string) error {
	*dst = config.NewSecret(s)
	return nil
}

func setOneOf(dst *string, s string, allowed ...string) error {
	for _, a := range allowed {
		if strings.EqualFold(a, strings.TrimSpace(s)) {
			*dst = a
			return nil
		}
	}
	return fmt.Errorf("expected one of %s, found %q", strings.Join(allowed, ", "), s)
}

func setStore(dst *string, s string) error { return setOneOf(dst, s, storePEM, storeJKS, storePKCS12) }

func setInt(dst *int, s string, least, most int) error {
	v, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || v < least || v > most {
		return fmt.Errorf("expected a whole number from %d to %d, found %q", least, most, s)
	}
	*dst = v
	return nil
}

func setMillis(dst *time.Duration, s string) error {
	const day = 24 * 60 * 60 * 1000
	var ms int
	if err := setInt(&ms, s, 1, 24*day); err != nil {
		return fmt.Errorf("%w (milliseconds)", err)
	}
	*dst = time.Duration(ms) * time.Millisecond
	return nil
}

// identification is the one property whose empty text is a value: do not look
// at the host name.
const identification = "ssl.endpoint.identification.algorithm"

func setIdentification(a *access, s string) error {
	var word string
	if err := setOneOf(&word, s, "https", "", "none"); err != nil {
		return err
	}
	a.Connection.TLS.AnyHost = word != "https"
	return nil
}

func commaList(s string) []string {
	var list []string
	for _, part := range strings.Split(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// noEffect are properties of the Java client, of producers and consumers, that
// mean nothing here, and why.
var noEffect = map[string]string{
	"interceptor.classes":                    "Java classes are not run",
	"metric.reporters":                       "Java classes are not run",
	"metrics.num.samples":                    "there are other metrics",
	"metrics.recording.level":                "there are other metrics",
	"metrics.sample.window.ms":               "there are other metrics",
	"enable.metrics.push":                    "there are other metrics",
	"send.buffer.bytes":                      "the operating system decides",
	"receive.buffer.bytes":                   "the operating system decides",
	"reconnect.backoff.ms":                   "retry.backoff.ms decides",
	"reconnect.backoff.max.ms":               "retry.backoff.max.ms decides",
	"socket.connection.setup.timeout.max.ms": "socket.connection.setup.timeout.ms decides",
	"connections.max.idle.ms":                "connections last as long as their channel",
	"metadata.max.idle.ms":                   "the topics of a job are few",
	"metadata.recovery.strategy":             "the bootstrap servers are always asked again",
	"client.dns.lookup":                      "the system's resolver decides",
	"ssl.protocol":                           "TLS 1.2 and 1.3 are spoken",
	"ssl.enabled.protocols":                  "TLS 1.2 and 1.3 are spoken",
	"ssl.cipher.suites":                      "Go's choice is used",
	"ssl.provider":                           "Java classes are not run",
	"ssl.engine.factory.class":               "Java classes are not run",
	"ssl.keymanager.algorithm":               "Java classes are not run",
	"ssl.trustmanager.algorithm":             "Java classes are not run",
	"ssl.secure.random.implementation":       "Java classes are not run",
	"security.providers":                     "Java classes are not run",
	"sasl.client.callback.handler.class":     "Java classes are not run",
	"sasl.login.class":                       "Java classes are not run",
	"sasl.login.callback.handler.class":      "Java classes are not run",
	"sasl.kerberos.service.name":             "GSSAPI is not spoken",
	"zookeeper.connect":                      "brokers are found by bootstrap.servers",
}
