package tdsdb

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
)

var (
	objectName = regexp.MustCompile(`OBJECT_ID\(N'((?:[^']|'')*)'\)`)
	objectID   = regexp.MustCompile(`object_id = (\d+)`)
	described  = regexp.MustCompile(`(?s)^DECLARE @tsql nvarchar\(max\) = (N'.*'); EXEC sys\.sp_describe_first_result_set @tsql, NULL, 0$`)
)

// catalog answers questions about definitions.
func (d *Database) catalog(sql string) (tdspeer.Reply, bool) {
	var r tdspeer.Result
	switch {
	case described.MatchString(sql):
		columns, err := d.describe(unquote(described.FindStringSubmatch(sql)[1]))
		if err != nil {
			return tdspeer.Reply{Errors: []tdspeer.Error{{Number: 208, Message: err.Error()}, {Number: 11501, Message: "The batch could not be analyzed because of compile errors."}}}, true
		}
		r = descriptions(columns)
	case strings.Contains(sql, "FROM sys.databases"):
		r.Columns = columnsOf("snapshot_isolation_state tinyint", "is_read_committed_snapshot_on bit")
		r.Rows = [][]any{{d.snapshots(), false}}
	case strings.Contains(sql, "FROM sys.dm_tran_database_transactions"):
		now := time.Now().UTC().Truncate(time.Second)
		r.Columns = columnsOf("began datetime", "local datetime", "utc datetime2(7)")
		r.Rows = [][]any{{nil, now, now}}
	case strings.HasPrefix(sql, "SELECT name FROM sys.schemas"):
		r.Columns = columnsOf("name sysname")
		r.Rows = [][]any{{"dbo"}}
	case strings.HasPrefix(sql, "SELECT o.name FROM sys.objects"):
		r.Columns = columnsOf("name sysname")
		for _, name := range d.names() {
			if !d.table(name).captured {
				r.Rows = append(r.Rows, []any{name})
			}
		}
	case strings.HasPrefix(sql, "SELECT o.object_id"):
		r.Columns = columnsOf("object_id int", "name sysname", "name sysname", "type char(2)", "value nvarchar(max)", "rows bigint")
		if i := slices.IndexFunc(d.names(), func(n string) bool { return strings.EqualFold(n, lastPart(d.asked(sql))) }); i >= 0 {
			schema := "dbo"
			if d.table(d.names()[i]).captured {
				schema = "cdc"
			}
			r.Rows = [][]any{{int64(i + 1), schema, d.names()[i], "U ", nil, int64(100)}}
		}
	case strings.Contains(sql, "FROM sys.columns c JOIN sys.types t"):
		r = d.columns(d.byID(sql))
	case strings.Contains(sql, "FROM sys.indexes i"):
		r = d.indexes(d.byID(sql))
	case strings.Contains(sql, "COLLATIONPROPERTY"):
		r.Columns = columnsOf("name sysname", "page int")
		for _, c := range d.table(lastPart(d.asked(sql))).Columns {
			if strings.Contains(c.Type, "char") {
				r.Rows = append(r.Rows, []any{c.Name, int64(1252)})
			}
		}
	default:
		return tdspeer.Reply{}, false
	}
	return tdspeer.Reply{Results: []tdspeer.Result{r}}, true
}

// snapshots is snapshot_isolation_state.
func (d *Database) snapshots() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.noSnapshot {
		return 0
	}
	return 1
}

func (d *Database) asked(sql string) string {
	return strings.ReplaceAll(objectName.FindStringSubmatch(sql)[1], "''", "'")
}

func (d *Database) names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for _, t := range d.tables {
		names = append(names, t.Name)
	}
	slices.Sort(names)
	return names
}

func (d *Database) byID(sql string) *Table {
	id, err := strconv.Atoi(objectID.FindStringSubmatch(sql)[1])
	if err != nil {
		panic(err)
	}
	return d.table(d.names()[id-1])
}

// columnsOf reads "name type" pairs; all are nullable.
func columnsOf(pairs ...string) []tdspeer.Column {
	columns := make([]tdspeer.Column, len(pairs))
	for i, p := range pairs {
		name, native, _ := strings.Cut(p, " ")
		columns[i] = tdspeer.Column{Name: name, Type: native, Nullable: true}
	}
	return columns
}

func (d *Database) columns(t *Table) tdspeer.Result {
	r := tdspeer.Result{Columns: columnsOf("name sysname", "type sysname", "max_length smallint", "precision tinyint", "scale tinyint", "is_nullable bit",
		"is_identity bit", "is_computed bit", "default int", "collation_name sysname", "value nvarchar(max)", "generated int", "hidden int")}
	for _, c := range t.Columns {
		name, length, precision, scale := measure(c.Type)
		collation := ""
		if strings.Contains(name, "char") || strings.HasSuffix(name, "text") {
			collation = "Latin1_General_CI_AS"
		}
		r.Rows = append(r.Rows, []any{c.Name, name, length, precision, scale, c.Nullable, c.Identity, false, map[bool]int64{true: 1}[t.Default[c.Name] != ""], collation, nil, int64(0), int64(0)})
	}
	return r
}

// measure takes a type apart as sys.columns has it.
func measure(native string) (name string, length, precision, scale int64) {
	name, rest, _ := strings.Cut(native, "(")
	var args []int64
	for _, a := range strings.Split(strings.TrimSuffix(rest, ")"), ",") {
		n, err := strconv.ParseInt(strings.TrimSpace(a), 10, 64)
		if err != nil {
			n = -1
		}
		args = append(args, n)
	}
	switch name {
	case "decimal", "numeric":
		return name, 17, args[0], args[1]
	case "time", "datetime2", "datetimeoffset":
		return name, 8, 0, args[0]
	case "nchar", "nvarchar":
		return name, max(args[0]*2, -1), 0, 0
	case "char", "varchar", "binary", "varbinary":
		return name, args[0], 0, 0
	}
	return name, 8, 0, 0
}

func (d *Database) indexes(t *Table) tdspeer.Result {
	r := tdspeer.Result{Columns: columnsOf("name sysname", "is_primary_key bit", "is_unique bit", "has_filter bit", "name sysname", "is_nullable bit")}
	for _, k := range t.Key {
		r.Rows = append(r.Rows, []any{"PK_" + t.Name, true, true, false, k, false})
	}
	return r
}

// descriptions is what sp_describe_first_result_set answers.
func descriptions(columns []tdspeer.Column) tdspeer.Result {
	r := tdspeer.Result{Columns: columnsOf("is_hidden bit", "column_ordinal int", "name sysname", "is_nullable bit", "system_type_id int", "system_type_name nvarchar(256)",
		"max_length smallint", "precision tinyint", "scale tinyint", "collation_name sysname", "user_type_id int", "user_type_database sysname", "user_type_schema sysname", "user_type_name sysname")}
	for i, c := range columns {
		r.Rows = append(r.Rows, []any{false, int64(i + 1), c.Name, c.Nullable, int64(0), c.Type, int64(0), int64(0), int64(0), "Latin1_General_CI_AS", nil, nil, nil, nil})
	}
	return r
}

var (
	fromTable  = regexp.MustCompile(`(?s)^(.*?) FROM (\(|\S+)(.*)$`)
	conversion = regexp.MustCompile(`^CONVERT\((nvarchar\([a-z0-9]+\)), `)
	nothing    = regexp.MustCompile(`^CAST\(NULL AS (.*)\)$`)
	aggregate  = regexp.MustCompile(`^(MIN|MAX)\(\[([^\]]+)\]\)$`)
	alias      = regexp.MustCompile(`^(.*) AS \[([^\]]+)\]$`)
)

// describe says what the columns of a SELECT are.
func (d *Database) describe(sql string) ([]tdspeer.Column, error) {
	items, from, err := d.selected(sql)
	if err != nil {
		return nil, err
	}
	var columns []tdspeer.Column
	for _, item := range items {
		if item == "*" {
			columns = append(columns, from.Columns...)
			continue
		}
		c, err := described1(item, from)
		if err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, nil
}

// selected returns what a SELECT selects, and from what.
func (d *Database) selected(sql string) (items []string, from *Table, err error) {
	rest := strings.TrimPrefix(strings.TrimSpace(sql), "SELECT ")
	if strings.HasPrefix(rest, "(") { // scalar subselects alone
		return split(rest), &Table{}, nil
	}
	m := fromTable.FindStringSubmatch(rest)
	if m == nil {
		return nil, nil, fmt.Errorf("no SELECT with a FROM: %s", sql)
	}
	if m[2] == "(" {
		inner := m[3][:strings.LastIndex(m[3], ") datasync_tmp")]
		columns, err := d.describe(inner)
		return split(m[1]), &Table{Columns: columns}, err
	}
	if from = d.table(lastPart(m[2])); from == nil {
		return nil, nil, fmt.Errorf("invalid object name '%s'", m[2])
	}
	return split(m[1]), from, nil
}

func described1(item string, from *Table) (tdspeer.Column, error) {
	name, expression := "", item
	if m := alias.FindStringSubmatch(item); m != nil {
		expression, name = m[1], m[2]
	}
	switch {
	case conversion.MatchString(expression):
		return tdspeer.Column{Name: name, Type: conversion.FindStringSubmatch(expression)[1], Nullable: true}, nil
	case nothing.MatchString(expression):
		return tdspeer.Column{Name: name, Type: nothing.FindStringSubmatch(expression)[1], Nullable: true}, nil
	case strings.HasPrefix(expression, "N'"):
		return tdspeer.Column{Name: name, Type: "nvarchar(100)"}, nil
	case strings.HasPrefix(expression, "(SELECT COUNT(*)"), expression == "COUNT(*)":
		return tdspeer.Column{Name: name, Type: "int"}, nil
	case aggregate.MatchString(expression):
		expression = aggregate.FindStringSubmatch(expression)[2]
	}
	c, ok := from.column(strings.Trim(lastPart(expression), "[]"))
	if !ok {
		return c, fmt.Errorf("invalid column name '%s'", expression)
	}
	if name != "" {
		c.Name = name
	}
	c.Nullable = c.Nullable || name != "" || strings.HasSuffix(item, ")")
	return c, nil
}
