package servers

// options is what a private server is started with; it travels to the
// supervisor as JSON.
type options struct {
	Proxy bool     `json:",omitempty"` // put a Proxy in front
	Args  []string `json:",omitempty"` // SQL servers: more command-line options
	Bench bool     `json:",omitempty"` // more memory, no fsync per commit
	SASL  bool     `json:",omitempty"` // Kafka: SASL_PLAINTEXT listener
	TLS   bool     `json:",omitempty"` // Kafka: SSL listener, SASL_SSL too under SASL
	ACL   bool     `json:",omitempty"` // Kafka: StandardAuthorizer, deny by default

	Config []string `json:",omitempty"` // Kafka, PostgreSQL: more "key=value" settings
}

// Option changes how a private server is started.
type Option func(*options)

// WithProxy puts a TCP proxy in front of the server: ProxyAddr, Cut, Stall and
// Restore work then. Addr goes past it.
func WithProxy() Option { return func(o *options) { o.Proxy = true } }

// WithArgs adds command-line options to mysqld, mariadbd or postgres; the last
// one of a name wins.
func WithArgs(args ...string) Option {
	return func(o *options) { o.Args = append(o.Args, args...) }
}

// WithConfig adds "key=value" lines to Kafka's server.properties, or settings to
// PostgreSQL; the last one of a key wins.
func WithConfig(lines ...string) Option {
	return func(o *options) { o.Config = append(o.Config, lines...) }
}

// WithBench gives the server memory and takes away fsync per commit, as
// measurements want it: a 1 GiB buffer pool and innodb_flush_log_at_trx_commit=0,
// for PostgreSQL 1 GiB of shared buffers and synchronous_commit=off, for Kafka a
// 1 GiB heap and the optimising compiler.
func WithBench() Option { return func(o *options) { o.Bench = true } }

// WithSASL adds a listener with PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 to Kafka.
func WithSASL() Option { return func(o *options) { o.SASL = true } }

// WithTLS adds a TLS listener to Kafka; its CA is CAFile. Together with WithSASL
// there is a SASL_SSL listener as well.
func WithTLS() Option { return func(o *options) { o.TLS = true } }

// WithACL makes Kafka refuse what no ACL allows, except on the plain listener.
func WithACL() Option { return func(o *options) { o.ACL = true } }
