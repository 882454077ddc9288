package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
)

type peerKey struct{} // the tdspeer.Server of need sqlserver-peer

// needPeer gives the script a peer that speaks SQL Server's protocol: $ADDR,
// any user, $MSSQL_PASSWORD.
func needPeer(ts *testscript.TestScript, tb testing.TB) {
	_, server := tdsdb.Start(tb)
	ts.Setenv("ADDR", fmt.Sprintf("127.0.0.1:%d", server.Port()))
	ts.Setenv("MSSQL_PASSWORD", "secret")
	setValue(ts, peerKey{}, server)
}

// runSQLServer runs statements over the protocol and prints the rows of each.
func runSQLServer(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "sqlserver STATEMENT ...")
	server, ok := madeValue(ts, peerKey{}).(*tdspeer.Server)
	if !ok {
		ts.Fatalf("need sqlserver-peer first")
	}
	ctx := context.Background()
	c, err := mssqlkit.Dial(ctx, &mssqlkit.Settings{Host: "127.0.0.1", Port: server.Port(), User: "sa", Password: config.NewSecret("secret")})
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
