package mysqlkit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/errclass"
)

// collation is one that every server knows by the number that the handshake
// carries; SET NAMES chooses the server's own afterwards.
const collation = "utf8mb4_general_ci"

// readBuffer is what the client's own loop reads through: answers to small
// statements only.
const readBuffer = 4 << 10

// Conn is a connection with a prepared session. One goroutine at a time may
// use it, save for Interrupt.
type Conn struct {
	client   *client.Conn
	raw      net.Conn // below TLS
	settings *Settings
	since    time.Time // when it was connected
	Server   Server
	Addr     string // host:port that answered
}

// Dial connects to the first host that answers and prepares the session. The
// error is classified and names the host and the user.
func Dial(ctx context.Context, s *Settings) (*Conn, error) {
	var errs []error
	for _, addr := range s.Hosts {
		c, err := dialHost(ctx, s, addr)
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		errs = append(errs, err)
		if errclass.Of(err) == errclass.Config {
			break // the others would say the same
		}
	}
	return nil, errors.Join(errs...)
}

func dialHost(ctx context.Context, s *Settings, addr string) (*Conn, error) {
	config, err := s.TLS.config(addr)
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	c, err := connect(ctx, s, addr, config)
	if err != nil && config != nil && (s.TLS.Mode == TLSPreferred || s.TLS.Mode == "") && Code(err) == 0 && ctx.Err() == nil && answers(err) {
		c, err = connect(ctx, s, addr, nil)
	}
	if err != nil {
		return nil, explainDial(s, addr, err)
	}
	if err := c.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the session with %s: %w", addr, err), c.Close())
	}
	return c, nil
}

// answers tells an error of the TLS handshake from one of the network.
func answers(err error) bool {
	var op *net.OpError
	return !errors.As(err, &op) || op.Op != "dial"
}

func connect(ctx context.Context, s *Settings, addr string, config *tls.Config) (c *Conn, err error) {
	timeout := s.ConnectTimeout
	if timeout <= 0 {
		timeout = defaultConnectTimeout
	}
	c = &Conn{settings: s, Addr: addr, since: time.Now()}
	var stop func() bool
	dialer := func(ctx context.Context, network, address string) (net.Conn, error) {
		deadline := time.Now().Add(timeout)
		conn, err := (&net.Dialer{Deadline: deadline}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		c.raw = conn
		stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
		return conn, conn.SetDeadline(deadline)
	}
	defer func() {
		if stop != nil {
			stop()
		}
		if r := recover(); r != nil { // the client indexes into a malformed handshake without looking
			err = errors.Join(fmt.Errorf("the server's handshake is malformed: %v", r), c.raw.Close())
		}
	}()
	c.client, err = client.ConnectWithDialer(ctx, "tcp", addr, s.User, s.Password.Reveal(), s.Database, dialer, func(o *client.Conn) error {
		o.UnsetCapability(mysql.CLIENT_DEPRECATE_EOF) // Rows reads results that end in EOF
		o.UnsetCapability(mysql.CLIENT_QUERY_ATTRIBUTES)
		o.BufferSize = readBuffer
		o.SetAttributes(map[string]string{"program_name": "datasync"})
		if config != nil {
			o.SetTLSConfig(config)
		}
		if s.Writes {
			// Rows that an UPDATE finds are counted, also those that it leaves as they are.
			// The server may ask for a file: it is sent rows or nothing, never a file.
			if err := errors.Join(o.SetCapability(mysql.CLIENT_FOUND_ROWS), o.SetCapability(mysql.CLIENT_LOCAL_FILES)); err != nil {
				return err
			}
		}
		return o.SetCollation(collation)
	})
	if err != nil {
		return nil, err
	}
	c.Server = ParseServer(c.client.GetServerVersion())
	return c, c.raw.SetDeadline(time.Time{})
}

// begin sets the session up.
func (c *Conn) begin(ctx context.Context) error {
	zone := c.settings.TimeZone
	if zone == "" {
		zone = "+00:00"
	}
	// A year: the largest value that every version takes.
	const forever = "31536000"
	set := "SET time_zone = " + Dialect.Text(zone) + ", net_write_timeout = " + forever + ", net_read_timeout = " + forever +
		", wait_timeout = " + forever + ", sql_select_limit = 18446744073709551615"
	if c.Server.MariaDB {
		set += ", max_statement_time = 0"
	} else if c.Server.TiDB || c.Server.Major > 5 || c.Server.Major == 5 && c.Server.Minor >= 7 {
		set += ", max_execution_time = 0"
	}
	statements := []string{"SET NAMES utf8mb4", set}
	if v := strings.TrimSpace(c.settings.Variables); v != "" {
		statements = append(statements, "SET "+v)
	}
	if c.settings.Writes {
		statements = append(statements, setWrites) // after what users set: a session that is not strict changes values silently
	}
	for _, sql := range statements {
		if err := c.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// explainDial says what to do about an error of dialling.
func explainDial(s *Settings, addr string, err error) error {
	what := fmt.Sprintf("connecting to %s as %q", addr, s.User)
	var refused *mysql.MyError
	if errors.As(err, &refused) {
		err = refused // without the client's names for the steps of a handshake
	}
	var remedy string
	switch Code(err) {
	case 1045, 1698:
		remedy = ": check username and password"
	case 1044:
		remedy = ": grant the user access to the database"
	case 1049:
		remedy = ": check the database in jdbcUrl"
	case 1130:
		remedy = ": the server takes no connections of this user from here"
	case 0:
		var op *net.OpError
		switch {
		case isCertificate(err):
			remedy = ": check sslMode and sslCa"
		case errors.As(err, &op) && op.Op == "dial":
			remedy = ": check host and port in jdbcUrl, and that the server is up"
		case strings.Contains(err.Error(), "readInitialHandshake"), strings.Contains(err.Error(), "handshake is malformed"): // the server speaks first
			remedy = ": check host and port in jdbcUrl, and that a MySQL server answers there"
		}
	}
	return Classify(fmt.Errorf("%s: %w%s", what, err, remedy))
}

// Client returns the client's connection, for what Conn has no method for.
func (c *Conn) Client() *client.Conn { return c.client }

// Settings returns what the connection was dialled with.
func (c *Conn) Settings() *Settings { return c.settings }

// ID is the connection's number at the server.
func (c *Conn) ID() uint32 { return c.client.GetConnectionID() }

// Interrupt cuts the connection, from any goroutine: a call under way returns
// with an error.
func (c *Conn) Interrupt() { _ = c.raw.Close() }

// Close ends the connection without waiting for the server.
func (c *Conn) Close() error {
	err := c.client.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// guard runs f, and cuts the connection when ctx ends before it has returned:
// then there is an error, whatever f says, as the connection is of no use.
func (c *Conn) guard(ctx context.Context, f func() error) error {
	stop := context.AfterFunc(ctx, c.Interrupt)
	err := f()
	if !stop() || err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return Classify(err)
}

// Exec runs a statement without a result.
func (c *Conn) Exec(ctx context.Context, sql string) error {
	return c.guard(ctx, func() error {
		r, err := c.client.Execute(sql)
		if err == nil {
			r.Close()
		}
		return err
	})
}

// Result is a small result as text; nil is NULL.
type Result struct {
	Columns []string
	Rows    [][]*string
}

// Query runs a statement through the text protocol and keeps its whole result.
func (c *Conn) Query(ctx context.Context, sql string) (*Result, error) {
	var out Result
	err := c.guard(ctx, func() error {
		r, err := c.client.Execute(sql)
		if err != nil {
			return err
		}
		defer r.Close()
		if r.Resultset == nil {
			return nil
		}
		for _, f := range r.Fields {
			out.Columns = append(out.Columns, string(f.Name))
		}
		for _, values := range r.Values {
			row := make([]*string, len(values))
			for i := range values {
				row[i] = text(&values[i])
			}
			out.Rows = append(out.Rows, row)
		}
		return nil
	})
	return &out, err
}

func text(v *mysql.FieldValue) *string {
	var s string
	switch x := v.Value().(type) {
	case nil:
		return nil
	case []byte:
		s = string(x)
	default:
		s = fmt.Sprint(x)
	}
	return &s
}

// Column returns column name of row i, "" for NULL or a column that is not there.
func (r *Result) Column(i int, name string) string {
	for c, n := range r.Columns {
		if strings.EqualFold(n, name) && r.Rows[i][c] != nil {
			return *r.Rows[i][c]
		}
	}
	return ""
}

// Kill ends what this connection's session is doing, through another one: a
// server that has not yet sent a row does not notice that its client is gone.
// It does nothing if the session is gone: its number may be another's now.
func (c *Conn) Kill(ctx context.Context) error {
	other, err := Dial(ctx, c.settings)
	if err != nil {
		return err
	}
	same, err := other.outlives(ctx, c)
	if same && err == nil {
		err = other.Exec(ctx, fmt.Sprintf("KILL %d", c.ID()))
	}
	if Code(err) == 1094 { // it has ended by itself
		err = nil
	}
	return errors.Join(err, other.Close())
}

// outlives tells that c is connected to the server of another connection, and
// that it has not been started again since then.
func (c *Conn) outlives(ctx context.Context, other *Conn) (bool, error) {
	if c.Addr != other.Addr {
		return false, nil
	}
	r, err := c.Query(ctx, "SHOW GLOBAL STATUS LIKE 'Uptime'")
	if err != nil || len(r.Rows) != 1 {
		return false, err
	}
	up, err := time.ParseDuration(r.Column(0, "Value") + "s")
	if err != nil {
		return false, fmt.Errorf("asking how long the server runs: %w", err)
	}
	const rounding = 2 * time.Second
	return up+rounding > time.Since(other.since), nil
}
