package pump

import (
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// TestFirstPositionIsNotGivenAway has a sink find the third batch of a split
// behind the first, while the second is with another sink: written as one the two
// are no position until the second is durable, and there is none before them.
func TestFirstPositionIsNotGivenAway(t *testing.T) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "id", Kind: record.Int64}}, 0)
	tracker := checkpoint.NewTracker(checkpoint.Counts{}, nil, func(string) {})
	tracker.Add([]plugin.Progress{{Split: plugin.Split{ID: "s"}}})
	var parcels []*parcel
	for range 4 {
		p := &parcel{batch: record.NewBatch(0, 0)}
		p.batch.Reset("s")
		p.batch.Begin(s, record.Insert)
		p.batch.Int64(1)
		p.batch.Mark([]byte("{}"), time.Time{})
		p.tickets = []checkpoint.Ticket{tracker.Issue(p.batch, checkpoint.Counts{}, 1)}
		parcels = append(parcels, p)
	}
	w := &writer{l: &lane{c: &Config{Tracker: tracker, rows: record.TargetRows, bytes: record.TargetBytes}}}
	if !w.fits(parcels[0], parcels[1]) {
		t.Error("the second batch does not fit the first")
	}
	if w.fits(parcels[0], parcels[2]) {
		t.Error("the third batch fits the first, and takes its position away")
	}
	tracker.Settle(0, nil, []checkpoint.Settlement{{Ticket: parcels[0].tickets[0]}})
	if !w.fits(parcels[1], parcels[3]) {
		t.Error("a later batch does not fit where there is a position already")
	}
}
