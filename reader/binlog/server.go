package binlog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// server is what is asked of a server once it is connected to.
type server struct {
	conn       *mysqlkit.Conn
	flavor     string
	id         string // identity: the same over restarts, another one for each server
	number     uint32 // server_id
	gtids      bool   // every transaction has a GTID
	logs       bool   // there is a binary log
	format     string // binlog_format
	metadata   string // binlog_row_metadata
	product    binlogkit.Product
	collations map[uint64]string
	keeps      int64 // seconds that log files are kept; 0: no limit
}

// connect dials the first server that answers and asks what it is.
func connect(ctx context.Context, s *mysqlkit.Settings) (*server, error) {
	conn, err := mysqlkit.Dial(ctx, s)
	if err != nil {
		return nil, err
	}
	srv := &server{conn: conn, flavor: flavorMySQL}
	if conn.Server.MariaDB {
		srv.flavor = flavorMariaDB
	}
	if err := srv.ask(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("asking %s what it is: %w", conn.Addr, err), conn.Close())
	}
	return srv, nil
}

func (s *server) close() error { return s.conn.Close() }

// again says how to dial the same server once more.
func (s *server) again() *mysqlkit.Settings {
	settings := *s.conn.Settings()
	settings.Hosts = []string{s.conn.Addr}
	return &settings
}

// ask reads the server's variables.
func (s *server) ask(ctx context.Context) error {
	r, err := s.conn.Query(ctx, `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin','binlog_format','binlog_row_metadata','server_id','server_uuid',
		'server_uid','gtid_mode','lower_case_table_names','binlog_expire_logs_seconds','expire_logs_days')`)
	if err != nil {
		return err
	}
	v := map[string]string{}
	for i := range r.Rows {
		v[strings.ToLower(r.Column(i, "Variable_name"))] = r.Column(i, "Value")
	}
	number, err := strconv.ParseUint(v["server_id"], 10, 32)
	if err != nil {
		return fmt.Errorf("its server_id is %q", v["server_id"])
	}
	s.number = uint32(number)
	s.id = v["server_uuid"]
	if s.flavor == flavorMariaDB {
		// Releases of 2024 have an identity of their own; of the others the number is all there is.
		if s.id = v["server_uid"]; s.id == "" {
			s.id = "server_id " + v["server_id"]
		}
	}
	s.logs = strings.EqualFold(v["log_bin"], "ON")
	s.format, s.metadata = strings.ToUpper(v["binlog_format"]), strings.ToUpper(v["binlog_row_metadata"])
	s.gtids = s.flavor == flavorMariaDB || strings.EqualFold(v["gtid_mode"], "ON")
	s.product = binlogkit.Product{MariaDB: s.flavor == flavorMariaDB, FoldCase: v["lower_case_table_names"] != "0"}
	if s.keeps, err = strconv.ParseInt(v["binlog_expire_logs_seconds"], 10, 64); err != nil || s.keeps == 0 {
		days, err := strconv.ParseFloat(v["expire_logs_days"], 64)
		if err == nil {
			s.keeps = int64(days * 86400)
		}
	}
	return s.askCollations(ctx)
}

// askCollations reads the numbers of collations, which table maps name.
func (s *server) askCollations(ctx context.Context) error {
	s.collations = map[uint64]string{}
	statements := []string{"SELECT id, character_set_name FROM information_schema.collations WHERE id IS NOT NULL"}
	if s.flavor == flavorMariaDB && s.conn.Server.AtLeast(10, 10, 0) {
		// Collations of several character sets have a number for each.
		statements = append(statements, "SELECT id, character_set_name FROM information_schema.collation_character_set_applicability WHERE id IS NOT NULL")
	}
	for _, sql := range statements {
		r, err := s.conn.Query(ctx, sql)
		if err != nil {
			return err
		}
		for i := range r.Rows {
			id, err := strconv.ParseUint(r.Column(i, "id"), 10, 64)
			if err == nil && r.Column(i, "character_set_name") != "" {
				s.collations[id] = r.Column(i, "character_set_name")
			}
		}
	}
	return nil
}

// usable says what is missing before the log can be read at all.
func (s *server) usable() error {
	if !s.logs {
		return errclass.With(errclass.Config, fmt.Errorf("server %s writes no binary log: start it with log_bin and a server_id", s.conn.Addr))
	}
	if s.format != "ROW" {
		return errclass.With(errclass.Config, fmt.Errorf("server %s logs statements and not rows (binlog_format=%s): SET GLOBAL binlog_format = 'ROW', also in its configuration; sessions that are open keep theirs", s.conn.Addr, s.format))
	}
	return nil
}

// end returns where the log ends now.
func (s *server) end(ctx context.Context) (*Position, error) {
	statement := "SHOW MASTER STATUS"
	if s.flavor == flavorMySQL && s.conn.Server.AtLeast(8, 2, 0) {
		statement = "SHOW BINARY LOG STATUS"
	}
	r, err := s.conn.Query(ctx, statement)
	if err != nil {
		return nil, s.explain(statement, err)
	}
	if len(r.Rows) != 1 {
		return nil, s.usable()
	}
	p := &Position{Flavor: s.flavor, Server: s.id, File: r.Column(0, "File"), ByGTID: s.gtids}
	if p.Offset, err = strconv.ParseUint(r.Column(0, "Position"), 10, 64); err != nil {
		return nil, fmt.Errorf("asking where the log ends: the offset is %q", r.Column(0, "Position"))
	}
	if s.flavor == flavorMySQL {
		p.GTIDs = strings.ReplaceAll(r.Column(0, "Executed_Gtid_Set"), "\n", "")
		return p, nil
	}
	p.GTIDs, err = s.gtidsAt(ctx, p.File, p.Offset)
	return p, err
}

// gtidsAt asks MariaDB what GTIDs a place of the log stands for.
func (s *server) gtidsAt(ctx context.Context, file string, offset uint64) (string, error) {
	r, err := s.conn.Query(ctx, fmt.Sprintf("SELECT BINLOG_GTID_POS(%s, %d) AS gtids", mysqlkit.Dialect.Text(file), offset))
	if err != nil || len(r.Rows) != 1 {
		return "", s.explain("SELECT BINLOG_GTID_POS", err)
	}
	return r.Column(0, "gtids"), nil
}

// explain says what privilege a statement needs.
func (s *server) explain(statement string, err error) error {
	switch mysqlkit.Code(err) {
	case 1227, 1142, 1044, 1045:
		grant := "REPLICATION CLIENT"
		if s.flavor == flavorMariaDB {
			grant = "BINLOG MONITOR"
		}
		return errclass.With(errclass.Config, fmt.Errorf("%s: %w: GRANT %s, REPLICATION SLAVE ON *.* to the user", statement, err, grant))
	}
	return fmt.Errorf("%s: %w", statement, err)
}

// logFile is one file of the log.
type logFile struct {
	name string
	size uint64
}

// files lists the log's files, oldest first.
func (s *server) files(ctx context.Context) ([]logFile, error) {
	r, err := s.conn.Query(ctx, "SHOW BINARY LOGS")
	if err != nil {
		return nil, s.explain("SHOW BINARY LOGS", err)
	}
	list := make([]logFile, len(r.Rows))
	for i := range list {
		list[i].name = r.Column(i, "Log_name")
		list[i].size, _ = strconv.ParseUint(r.Column(i, "File_size"), 10, 64)
	}
	return list, nil
}

// tables lists the base tables, system databases left out, that are wanted.
func (s *server) tables(ctx context.Context, wanted func(record.Name) bool) ([]record.Name, error) {
	r, err := s.conn.Query(ctx, "SELECT table_schema AS db, table_name AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' ORDER BY table_schema, table_name")
	if err != nil {
		return nil, fmt.Errorf("listing tables: %w", err)
	}
	var list []record.Name
	for i := range r.Rows {
		if name := (record.Name{Database: r.Column(i, "db"), Table: r.Column(i, "name")}); wanted(name) {
			list = append(list, name)
		}
	}
	return list, nil
}
