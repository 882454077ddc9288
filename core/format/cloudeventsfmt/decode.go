package cloudeventsfmt

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

var _ changefmt.Decoder = (*Decoder)(nil)

// Decoder reads events of both modes; columns are as [debeziumfmt.Decoder] has
// them.
type Decoder struct{ inner *debeziumfmt.Decoder }

// NewDecoder returns a decoder of rows with these metadata columns; columns may
// be nil.
func NewDecoder(o Options, columns []record.Column, meta []string) *Decoder {
	return &Decoder{debeziumfmt.NewDecoder(o.Options, columns, meta)}
}

// Decode implements [changefmt.Decoder].
func (d *Decoder) Decode(ctx context.Context, in *changefmt.Message, b *record.Batch) (*record.Change, error) {
	if in.Value == nil {
		return nil, nil
	}
	all, err := jsonfmt.Parse(in.Value)
	if err != nil {
		return nil, err
	}
	var p debeziumfmt.Parts
	data := all
	isEvent := false
	for _, h := range in.Headers {
		if name, ok := strings.CutPrefix(h.Name, "ce_"); ok {
			isEvent = true
			read(&p, name, string(h.Value))
		}
	}
	if !isEvent {
		if data = all.Get("data"); !all.Get("specversion").Exists() {
			return d.inner.Decode(ctx, in, b) // a schema change, which has no envelope
		}
		all.ForEach(func(name, value gjson.Result) bool {
			if value.Type == gjson.String {
				read(&p, name.Str, value.Str)
			}
			return true
		})
	}
	if inner := data.Get("payload"); inner.IsObject() {
		p.Schema, data = data.Get("schema"), inner
	}
	p.Before, p.After = data.Get("before"), data.Get("after")
	if p.Op == "" {
		return nil, errclass.BadValue("", errclass.Conversion, "the event has no attribute "+attrOp+": it is no change of a row")
	}
	return d.inner.DecodeParts(&p, in, b)
}

func read(p *debeziumfmt.Parts, name, value string) {
	o := &p.Origin
	switch name {
	case attrOp:
		p.Op = value
	case attrMillis:
		if ms, err := strconv.ParseInt(value, 10, 64); err == nil && ms > 0 {
			o.At = time.UnixMilli(ms).UTC()
		}
	case attrSnapshot:
		o.Snapshot = value != "false"
	case attrDB:
		o.Name.Database = value
	case attrSchema:
		o.Name.Schema = value
	case attrTable:
		o.Name.Table = value
	case attrPlace:
		o.LSN = []byte(value)
	case attrGTID:
		o.GTID = []byte(value)
	case attrTxID:
		o.TxID = []byte(value)
	}
}
