package binlog

import (
	"encoding/json"
	"fmt"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
)

// Flavors of servers, as go-mysql calls them.
const (
	flavorMySQL   = gomysql.MySQLFlavor
	flavorMariaDB = gomysql.MariaDBFlavor
)

// Position is a place between two transactions of a log, or one inside of a
// transaction that was cut: then it is the transaction's begin, and how many
// of its changes are delivered.
type Position struct {
	V      int    `json:"v"`
	At     string `json:"at"` // for people
	Flavor string `json:"flavor"`
	Server string `json:"server"`           // identity of the server whose file and offset these are
	GTIDs  string `json:"gtids"`            // executed before; "" with ByGTID: none
	ByGTID bool   `json:"byGtid,omitempty"` // GTIDs say it all: any server that has them will do
	File   string `json:"file,omitempty"`
	Offset uint64 `json:"offset,omitempty"`
	Born   uint32 `json:"born,omitempty"` // when the file was begun, in Unix seconds: tells it from another one of its name
	Skip   int64  `json:"skip,omitempty"` // changes that are delivered of a transaction that is not in GTIDs, or begins at Offset
	// SkipGTID is that transaction; "": the next one.
	SkipGTID string `json:"skipGtid,omitempty"`
	// Open are the XA transactions before that are not decided yet.
	Open []prepared `json:"open,omitempty"`
	Time int64      `json:"time,omitempty"` // of the transaction before, in Unix milliseconds
}

const positionVersion = 1

// encode spells a position.
func (p *Position) encode() []byte {
	p.V, p.At = positionVersion, p.String()
	data, err := json.Marshal(p)
	if err != nil {
		panic("binlog: a position cannot be spelled: " + err.Error())
	}
	return data
}

// String tells people where it is.
func (p *Position) String() string {
	text := p.File
	if p.File != "" {
		text = fmt.Sprintf("%s:%d", p.File, p.Offset)
	}
	if p.GTIDs != "" {
		if text != "" {
			text += " "
		}
		text += "GTID " + p.GTIDs
	}
	if p.Skip > 0 {
		text += fmt.Sprintf(" +%d", p.Skip)
	}
	return text
}

// time returns when the transaction before was committed; zero: unknown.
func (p *Position) time() time.Time {
	if p.Time == 0 {
		return time.Time{}
	}
	return time.UnixMilli(p.Time)
}

// set returns the GTIDs as a set.
func (p *Position) set() (gomysql.GTIDSet, error) { return parseSet(p.Flavor, p.GTIDs) }

func parseSet(flavor, text string) (gomysql.GTIDSet, error) {
	set, err := gomysql.ParseGTIDSet(flavor, text)
	if err != nil {
		return nil, fmt.Errorf("%q is no GTID set of %s: %w", text, flavor, err)
	}
	return set, nil
}

// decodePosition reads what encode has spelled.
func decodePosition(data []byte) (*Position, error) {
	var p Position
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, lost("the stored position is none of the binlog reader: %w", err)
	}
	if p.V != positionVersion || p.Flavor != flavorMySQL && p.Flavor != flavorMariaDB || p.File == "" && !p.ByGTID || p.Skip < 0 {
		return nil, lost("the stored position is none of the binlog reader")
	}
	if _, err := p.set(); err != nil {
		return nil, lost("the stored position is none of the binlog reader: %w", err)
	}
	return &p, nil
}
