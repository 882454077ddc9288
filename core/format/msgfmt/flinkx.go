package msgfmt

import (
	"time"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/flinkxfmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// flinkX writes changes as FlinkX writes them, and rows of a batch job by their
// names or joined by commas. A row is a change where the settings say so, where
// it is anything but an insert, and where its source has a log.
type flinkX struct {
	*flinkxfmt.Encoder
	rows    *jsonfmt.FlinkX
	changes bool
	plans   changefmt.Plans[changefmt.Meta]
}

func newFlinkX(s Settings) *flinkX {
	zone := s.Zone
	if zone == nil {
		zone = time.UTC
	}
	return &flinkX{Encoder: flinkxfmt.NewEncoder(flinkxfmt.Options{Shape: s.Shape, Zone: zone, Worker: s.Worker}), rows: jsonfmt.NewFlinkX(s.Names, zone), changes: s.Changes}
}

func metaOf(s *record.Schema) *changefmt.Meta {
	m := changefmt.MetaOf(s)
	return &m
}

// AppendValue implements [changefmt.Encoder].
func (f *flinkX) AppendValue(dst []byte, ev changefmt.Event) ([]byte, error) {
	if !f.changes && ev.Op == record.Insert {
		if m := f.plans.Of(ev.After.Schema(), metaOf); m.LSN < 0 && m.Optime < 0 {
			return f.rows.AppendRow(dst, ev.After)
		}
	}
	return f.Encoder.AppendValue(dst, ev)
}
