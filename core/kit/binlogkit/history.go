package binlogkit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver" // literals of the parser

	"github.com/datasync-io/datasync/core/record"
)

// Product is whose spelling of types and names a history follows.
type Product struct {
	MariaDB  bool
	FoldCase bool // names of tables are compared without their case (lower_case_table_names)
}

// History is what the tables are at a place of the log, and follows the log's
// DDL from there. One goroutine may use it.
type History struct {
	product   Product
	databases map[string]string // character sets by database
	tables    map[tableID]*Definition
	parser    *parser.Parser
}

type tableID struct{ database, table string }

// NewHistory returns a history that knows nothing.
func NewHistory(p Product) *History {
	return &History{product: p, databases: map[string]string{}, tables: map[tableID]*Definition{}, parser: parser.New()}
}

// saved is a history in a checkpoint.
type saved struct {
	V         int               `json:"v"`
	Databases map[string]string `json:"databases,omitempty"`
	Tables    []*Definition     `json:"tables,omitempty"`
}

// MarshalJSON spells the history; the same history is always spelled alike.
func (h *History) MarshalJSON() ([]byte, error) {
	s := saved{V: 1, Databases: h.databases, Tables: slices.Collect(maps.Values(h.tables))}
	slices.SortFunc(s.Tables, func(a, b *Definition) int {
		if c := strings.Compare(a.Database, b.Database); c != 0 {
			return c
		}
		return strings.Compare(a.Table, b.Table)
	})
	return json.Marshal(s)
}

// Load replaces what is known by what MarshalJSON has spelled.
func (h *History) Load(data []byte) error {
	var s saved
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("reading the stored definitions of tables: %w", err)
	}
	if s.V != 1 {
		return fmt.Errorf("reading the stored definitions of tables: they are of version %d", s.V)
	}
	h.databases, h.tables = map[string]string{}, map[tableID]*Definition{}
	for name, charset := range s.Databases {
		h.databases[h.fold(name)] = charset
	}
	for _, d := range s.Tables {
		if d == nil {
			return errors.New("reading the stored definitions of tables: one is null")
		}
		h.Define(d)
	}
	return nil
}

func (h *History) fold(name string) string {
	if h.product.FoldCase {
		return strings.ToLower(name)
	}
	return name
}

func (h *History) id(n record.Name) tableID { return tableID{h.fold(n.Database), h.fold(n.Table)} }

// Define says what a table is from here on; d is the history's afterwards.
func (h *History) Define(d *Definition) { h.tables[h.id(d.Name())] = d }

// SetDatabase says what character set a database has.
func (h *History) SetDatabase(name, charset string) { h.databases[h.fold(name)] = charset }

// Table returns a table's definition, nil if it is not known.
func (h *History) Table(name record.Name) *Definition { return h.tables[h.id(name)] }

// Tables returns all definitions that are known, in no order.
func (h *History) Tables() []*Definition { return slices.Collect(maps.Values(h.tables)) }

// Effect is what a statement did to one table.
type Effect struct {
	Kind          record.ChangeKind
	Name          record.Name // the table, before a rename
	To            record.Name // after it
	Before, After *Definition // nil: there is none, or it is not known
}

// IsDDL tells cheaply whether a statement may be one that Apply understands.
func IsDDL(sql []byte) bool {
	switch strings.ToUpper(string(firstWord(sql))) {
	case "CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE":
		return true
	}
	return false
}

// firstWord returns the first word of a statement, at most ten letters of it.
func firstWord(sql []byte) []byte {
	i := skipBlank(sql, 0)
	from := i
	for i < len(sql) && i-from < 10 && isWord(sql[i]) {
		i++
	}
	return sql[from:i]
}

// Apply follows a statement that was executed with database as the default
// one, and returns what it did to tables, in order; none if it is about
// something else. The error of a statement that cannot be read names no
// table: [Target] may tell which one is meant. Its definition is forgotten.
func (h *History) Apply(database, sql string) ([]Effect, error) {
	node, err := h.one(sql)
	if err != nil {
		return nil, err
	}
	return h.apply(database, node), nil
}

// Under says in what sql_mode the statements are from here on.
func (h *History) Under(mode uint64) {
	h.parser.SetSQLMode(mysql.SQLMode(mode) & mysql.ModeRealAsFloat)
}

// Forget drops a definition that is no longer certain.
func (h *History) Forget(name record.Name) { delete(h.tables, h.id(name)) }

// Names returns the tables that a statement is about, also those that it
// names a table to be; a database alone where all of its tables are meant.
func (h *History) Names(database, sql string) []record.Name {
	node, err := h.one(sql)
	if err != nil {
		if name, known := Target(database, sql); known {
			return []record.Name{name}
		}
		return nil
	}
	switch s := node.(type) {
	case *ast.DropDatabaseStmt:
		return []record.Name{{Database: s.Name.O}}
	case *ast.CreateDatabaseStmt:
		return []record.Name{{Database: s.Name.O}}
	case *ast.AlterDatabaseStmt:
		return []record.Name{{Database: cmp.Or(s.Name.O, database)}}
	case *ast.CreateTableStmt, *ast.DropTableStmt, *ast.AlterTableStmt, *ast.RenameTableStmt, *ast.TruncateTableStmt, *ast.CreateIndexStmt, *ast.DropIndexStmt:
		return namesIn(node, database)
	}
	return nil
}

// Changes returns the tables of a statement that changes rows; false for any
// other statement.
func (h *History) Changes(database, sql string) ([]record.Name, bool) {
	switch strings.ToUpper(string(firstWord([]byte(sql)))) {
	case "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD":
	default:
		return nil, false
	}
	node, err := h.one(sql)
	if err != nil {
		return nil, true
	}
	return namesIn(node, database), true
}

// one reads one statement.
func (h *History) one(sql string) (ast.StmtNode, error) {
	node, err := h.parser.ParseOneStmt(sql, "", "")
	if err != nil {
		var again error
		if node, again = h.parser.ParseOneStmt(rewrite(sql), "", ""); again != nil {
			return nil, fmt.Errorf("reading a statement of the log: %w", err)
		}
	}
	return node, nil
}

// nameVisitor collects the tables of a statement.
type nameVisitor struct {
	database string
	names    []record.Name
}

func namesIn(node ast.Node, database string) []record.Name {
	v := &nameVisitor{database: database}
	node.Accept(v)
	return v.names
}

// Enter implements [ast.Visitor].
func (v *nameVisitor) Enter(n ast.Node) (ast.Node, bool) {
	if t, ok := n.(*ast.TableName); ok {
		v.names = append(v.names, nameOf(v.database, t))
	}
	return n, false
}

// Leave implements [ast.Visitor].
func (v *nameVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }
