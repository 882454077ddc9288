package pgkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/datasync-io/datasync/core/errclass"
)

// cancelTimeout bounds the request that ends a statement at the server, and
// with it [Conn.Close].
const cancelTimeout = 3 * time.Second

// Conn is a connection with a prepared session. One goroutine at a time may
// use it, save for Interrupt.
type Conn struct {
	pg       *pgconn.PgConn
	in       *input
	settings *Settings
	cents    int         // fraction digits of money; below 0: not asked for
	broken   atomic.Bool // interrupted, or an error has come in between
	busy     atomic.Bool // a statement runs at the server
	dialled  atomic.Bool // what is dialled from now on is a request to cancel
	spare    []byte      // a buffer to send from; nil: none
	Server   Server
	Addr     string // host:port that answered
}

// Dial connects to the first host that answers and is what Settings.Target
// says, and prepares the session. The error is classified and names hosts and
// user.
func Dial(ctx context.Context, s *Settings) (*Conn, error) {
	timeout := s.ConnectTimeout
	if timeout <= 0 {
		timeout = defaultConnectTimeout
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c := &Conn{settings: s, cents: -1}
	config, err := c.config()
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	c.pg, err = pgconn.ConnectConfig(bounded, config)
	c.dialled.Store(c.pg != nil)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		if c.pg != nil {
			err = errors.Join(err, c.Close())
		}
		return nil, explainDial(s, err)
	}
	c.Addr = c.pg.Conn().RemoteAddr().String()
	if err := c.begin(bounded); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the session with %s: %w", c.Addr, err), c.Close())
	}
	return c, nil
}

// config describes the connection for pgconn, all of it: nothing is taken from
// the environment.
func (c *Conn) config() (*pgconn.Config, error) {
	s := c.settings
	config, err := pgconn.ParseConfig("host=localhost sslmode=disable passfile='' target_session_attrs=any")
	if err != nil {
		return nil, err
	}
	config.User, config.Password, config.Database = s.User, s.Password.Reveal(), s.Database
	name := s.ApplicationName
	if name == "" {
		name = "datasync"
	}
	config.RuntimeParams = map[string]string{"application_name": name, "client_encoding": "UTF8"}
	if s.replication {
		config.RuntimeParams["replication"] = "database"
	}
	config.ConnectTimeout = 0
	config.DialFunc = c.dialer
	config.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		c.in = newInput(r)
		return pgproto3.NewFrontend(c.in, w)
	}
	config.ValidateConnect = validators[s.Target]
	var ways []*pgconn.FallbackConfig
	for _, addr := range s.Hosts {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("%q is no port", port)
		}
		configs, err := s.TLS.configs(host)
		if err != nil {
			return nil, err
		}
		for _, t := range configs {
			ways = append(ways, &pgconn.FallbackConfig{Host: host, Port: uint16(n), TLSConfig: t})
		}
	}
	config.Host, config.Port, config.TLSConfig = ways[0].Host, ways[0].Port, ways[0].TLSConfig
	config.Fallbacks = ways[1:]
	return config, nil
}

// validators choose among hosts.
var validators = map[TargetServer]pgconn.ValidateConnectFunc{
	TargetPrimary:         pgconn.ValidateConnectTargetSessionAttrsPrimary,
	TargetSecondary:       pgconn.ValidateConnectTargetSessionAttrsStandby,
	TargetPreferSecondary: pgconn.ValidateConnectTargetSessionAttrsPreferStandby,
}

// dialer is also what pgconn sends its requests to cancel through, when a
// connection was there before; such a one has little time.
func (c *Conn) dialer(ctx context.Context, network, addr string) (net.Conn, error) {
	// A peer that is gone without a word is noticed within a minute and a half.
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 6}}
	if !c.dialled.Load() {
		return d.DialContext(ctx, network, addr)
	}
	d.Timeout = cancelTimeout
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(cancelTimeout))
}

// noticesUs has the server notice as soon as we do of it that this side is gone
// without a word, where it can: until then it keeps what the session has locked,
// for two hours by the defaults of most systems, and a job that was started
// elsewhere waits for that.
const noticesUs = `SELECT set_config(name, CASE name WHEN 'tcp_keepalives_idle' THEN '30' WHEN 'tcp_keepalives_interval' THEN '10' ELSE '6' END, false)
 FROM pg_catalog.pg_settings WHERE name IN ('tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count')`

// begin sets the session up.
func (c *Conn) begin(ctx context.Context) error {
	c.Server = parseServer(c.pg.ParameterStatus("server_version"), c.pg.ParameterStatus("server_encoding"), "")
	set := []string{
		"standard_conforming_strings = on", "DateStyle = 'ISO, MDY'", "IntervalStyle = 'postgres'", "TimeZone = 'UTC'",
		"extra_float_digits = 3", "bytea_output = 'hex'", "xmloption = 'content'",
		// A notice per row would fill the network between, which nobody reads while rows are sent.
		"client_min_messages = error", "statement_timeout = 0",
	}
	for _, later := range []struct {
		from int
		set  string
	}{
		{90600, "idle_in_transaction_session_timeout = 0"},
		{140000, "idle_session_timeout = 0"},
		{170000, "transaction_timeout = 0"},
	} {
		if c.Server.Number >= later.from {
			set = append(set, later.set)
		}
	}
	if c.Server.Encoding == encodingNone {
		// Else the server fails the whole statement at the first text that is no UTF-8.
		set = append(set, "client_encoding = "+literal(encodingNone))
	}
	if len(c.settings.Schemas) > 0 {
		set = append(set, "search_path = "+strings.Join(Dialect.QuoteAll(c.settings.Schemas), ", "))
	}
	r, err := c.Query(ctx, "SET "+strings.Join(set, "; SET ")+"; SELECT version()")
	if err != nil {
		return err
	}
	c.Server = parseServer(c.pg.ParameterStatus("server_version"), c.pg.ParameterStatus("server_encoding"), r.Text(0, 0))
	more := []string{noticesUs}
	for _, v := range c.settings.Variables {
		name, value, _ := strings.Cut(v, "=")
		more = append(more, "SET "+name+" = "+literal(value))
	}
	return c.Exec(ctx, strings.Join(more, "; "))
}

// refusedTLS is pgconn's error, which it does not export.
const refusedTLS = "server refused TLS connection"

// explainDial says what to do about an error of dialling.
func explainDial(s *Settings, err error) error {
	what := fmt.Sprintf("connecting to %s as %q", strings.Join(s.Hosts, ","), s.User)
	var whole *pgconn.ConnectError
	if errors.As(err, &whole) && whole.Unwrap() != nil {
		err = attempts(whole.Unwrap()) // without its account of the settings
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		err = refused // without the client's names for the steps of a handshake
	}
	var remedy string
	switch State(err) {
	case "28P01":
		remedy = ": check username and password"
	case "28000":
		remedy = ": check username, and that pg_hba.conf lets this user in from here (sslmode, client certificate)"
	case "3D000":
		remedy = ": check the database in jdbcUrl"
	case "42501":
		err, remedy = errclass.With(errclass.Config, err), ": grant the user CONNECT on the database"
	case "":
		var op *net.OpError
		switch {
		case strings.Contains(err.Error(), "unknown message type"):
			err, remedy = errclass.With(errclass.Config, err), ": check host and port in jdbcUrl: what answers there is no PostgreSQL"
		case strings.Contains(err.Error(), refusedTLS):
			err, remedy = errclass.With(errclass.Config, err), ": the server speaks no TLS, set sslmode to disable or prefer"
		case isCertificate(err):
			remedy = ": check sslmode and sslrootcert"
		case errors.Is(err, context.DeadlineExceeded):
			err = errclass.With(errclass.Transient, errors.New("no answer in time (connectTimeOut)"))
		case errors.As(err, &op) && op.Op == "dial":
			remedy = ": check host and port in jdbcUrl, and that the server is up"
		}
	}
	return Classify(fmt.Errorf("%s: %w%s", what, err, remedy))
}

// tried are the errors of several attempts to connect, in one line.
type tried struct{ errs []error }

func (t *tried) Unwrap() []error { return t.errs }

func (t *tried) Error() string {
	var texts []string
	for _, err := range t.errs {
		if text := err.Error(); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "; ")
}

// attempts gathers what pgconn says of each host and each way to reach it.
func attempts(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var t tried
	for _, one := range joined.Unwrap() {
		var op *net.OpError
		if errors.As(one, &op) {
			t.errs = append(t.errs, op)
		} else {
			t.errs = append(t.errs, one)
		}
	}
	return &t
}
