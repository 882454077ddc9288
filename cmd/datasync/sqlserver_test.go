package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
)

type peerKey struct{} // the peer of need sqlserver-peer

type peer struct {
	db     *tdsdb.Database
	server *tdspeer.Server
}

// needPeer gives the script a peer that speaks SQL Server's protocol: $ADDR,
// any user, $MSSQL_PASSWORD.
func needPeer(ts *testscript.TestScript, tb testing.TB) {
	db, server := tdsdb.Start(tb)
	ts.Setenv("ADDR", fmt.Sprintf("127.0.0.1:%d", server.Port()))
	ts.Setenv("MSSQL_PASSWORD", "secret")
	setValue(ts, peerKey{}, peer{db, server})
}

// runSQLServer runs statements over the protocol and prints the rows of each:
//
//	sqlserver STATEMENT ...
//	sqlserver -lose NTH HEAD    the answer to the NTH statement with this head is lost with its connection
func runSQLServer(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "sqlserver STATEMENT ...")
	p, ok := madeValue(ts, peerKey{}).(peer)
	if !ok {
		ts.Fatalf("need sqlserver-peer first")
	}
	if args[0] == "-lose" {
		arguments(ts, neg, args, 3, "sqlserver -lose NTH HEAD")
		nth, err := strconv.Atoi(args[1])
		ts.Check(err)
		p.db.Lose(args[2], nth)
		return
	}
	ctx := context.Background()
	c, err := mssqlkit.Dial(ctx, &mssqlkit.Settings{Host: "127.0.0.1", Port: p.server.Port(), User: "sa", Password: config.NewSecret("secret")})
	ts.Check(err)
	defer func() { _ = c.Close() }()
	for _, sql := range args {
		rows, err := c.Query(ctx, sql)
		ts.Check(err)
		for _, row := range rows {
			texts := make([]string, len(row))
			for i := range row {
				texts[i] = "NULL"
				if row[i] != nil {
					texts[i] = *row[i]
				}
			}
			fmt.Fprintln(ts.Stdout(), strings.Join(texts, "|"))
		}
	}
}
