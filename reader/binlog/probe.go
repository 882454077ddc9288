package binlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Probe implements [plugin.Prober]: what the log needs, privileges, tables, and
// the number of the reader.
func (r *reader) Probe(ctx context.Context) error {
	srv, err := connect(ctx, r.settings)
	if err != nil {
		return err
	}
	defer func() { _ = srv.close() }()
	findings := []error{srv.usable()}
	if r.config.GTIDMode && !srv.gtids {
		findings = append(findings, errclass.With(errclass.Config, fmt.Errorf("isGTIDMode is set, and server %s has gtid_mode off: SET GLOBAL gtid_mode step by step up to ON, or leave the key out", srv.conn.Addr)))
	}
	if srv.metadata != "FULL" {
		r.log.Info("the log does not say the columns of tables (binlog_row_metadata): their definitions are followed from the start on", "binlog_row_metadata", srv.metadata)
	}
	findings = append(findings, r.probeTables(ctx, srv), r.probeNumber(ctx, srv))
	if srv.logs {
		findings = append(findings, r.probeDump(ctx, srv))
	}
	return errors.Join(findings...)
}

// probeTables checks that the tables that are named are there.
func (r *reader) probeTables(ctx context.Context, srv *server) error {
	seen, err := srv.tables(ctx, func(n record.Name) bool { return !systemDatabases[n.Database] })
	if err != nil {
		return err
	}
	there := map[record.Name]bool{}
	selected := 0
	for _, n := range seen {
		there[lower(n)] = true
		if r.selection.has(n) {
			selected++
		}
	}
	var findings []error
	for name := range r.selection.plain {
		if !there[name] {
			findings = append(findings, sqlkit.NoTable(name, seen))
		}
	}
	if selected == 0 && len(findings) == 0 {
		r.log.Warn("no table that is there now is read: check table and filter")
	}
	return errors.Join(findings...)
}

// probeNumber checks that no other replica has the reader's number.
func (r *reader) probeNumber(ctx context.Context, srv *server) error {
	number := r.config.SlaveID
	if number == 0 {
		return nil
	}
	if number == srv.number {
		return errclass.With(errclass.Config, config.Fieldf("slaveId", "%d is the number of the server itself: choose one that no server and no replica has", number))
	}
	statement := "SHOW SLAVE HOSTS"
	if srv.flavor == flavorMySQL && srv.conn.Server.AtLeast(8, 0, 22) {
		statement = "SHOW REPLICAS"
	}
	replicas, err := srv.conn.Query(ctx, statement)
	if err != nil {
		return srv.explain(statement, err)
	}
	for i := range replicas.Rows {
		for _, column := range []string{"Server_Id", "Server_id"} {
			if id, err := strconv.ParseUint(replicas.Column(i, column), 10, 32); err == nil && uint32(id) == number {
				return errclass.With(errclass.Config, config.Fieldf("slaveId", "another replica of %s is number %d: choose one that no other has", srv.conn.Addr, number))
			}
		}
	}
	return nil
}

// probeDump asks for the log's end, and for the log from there.
func (r *reader) probeDump(ctx context.Context, srv *server) error {
	end, err := srv.end(ctx)
	if err != nil {
		return err
	}
	conn, err := mysqlkit.Dial(ctx, srv.again())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, conn.Interrupt)
	defer stop()
	d, err := conn.Dump(ctx, mysqlkit.DumpFrom{File: end.File, Offset: uint32(end.Offset)}, mysqlkit.DumpOptions{ServerID: r.serverID(), UUID: newUUID(), Once: true})
	if err != nil {
		return explainDump(err)
	}
	if _, err := d.Next(0); err != nil && !errors.Is(err, io.EOF) {
		return explainDump(err)
	}
	return nil
}
