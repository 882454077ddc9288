package metric

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// Entry is a named figure: an int64, a float64 or a string.
type Entry struct {
	Name  string
	Value any
}

// Entries are figures in the order they are shown; in JSON, an object.
type Entries []Entry

// MarshalJSON encodes an object whose members keep their order.
func (e Entries) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, entry := range e {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(entry.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(entry.Value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Report is what a job did, for people and for JSON.
type Report struct {
	Accumulators Entries `json:"accumulators"`
	Rates        Entries `json:"rates"`      // means over the run, in FlinkX's names
	TimeShares   Entries `json:"timeShares"` // read, limit, transform, write: from 0 to 1
}

// Bottleneck returns the stage that took the largest share of the channels'
// time, and that share; "" if no time was spent.
func (r Report) Bottleneck() (stage string, share float64) {
	for _, e := range r.TimeShares {
		if s, ok := e.Value.(float64); ok && s > share {
			stage, share = e.Name, s
		}
	}
	return stage, share
}

// Report returns the figures as they are now.
func (m *Meter) Report() Report {
	mean, shares := m.Mean(), m.Shares()
	r := Report{Accumulators: m.accumulators(), Rates: rateEntries(mean)}
	for s, share := range shares {
		r.TimeShares = append(r.TimeShares, Entry{stageNames[s], math.Round(share*1000) / 1000})
	}
	return r
}

func (m *Meter) accumulators() Entries {
	read, write := m.Spent(Reading).Milliseconds(), m.Spent(Writing).Milliseconds()
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.total()
	all := Entries{
		{"numRead", c.Read}, {"byteRead", c.ReadBytes}, {"readDuration", read},
		{"numWrite", c.Written}, {"byteWrite", c.WriteBytes}, {"writeDuration", write},
		{"nErrors", c.Errors()}, {"nullErrors", c.Nulls}, {"duplicateErrors", c.Duplicates},
		{"conversionErrors", c.Conversions}, {"otherErrors", c.Others},
		{"numFiltered", c.Filtered}, {"snapshotWrite", m.snapshot},
	}
	texts := m.textValues()
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		all = append(all, Entry{name, texts[name]})
	}
	return all
}

func rateEntries(r Rates) Entries {
	return Entries{
		{"numReadPerSecond", math.Round(r.Read)}, {"byteReadPerSecond", math.Round(r.ReadBytes)},
		{"numWritePerSecond", math.Round(r.Written)}, {"byteWritePerSecond", math.Round(r.WriteBytes)},
	}
}

// WriteText writes the block that FlinkX ends a job with: a line of 45
// asterisks, one line for each figure, and the asterisks again. The rates and
// shares of time follow the accumulators.
func (r Report) WriteText(w io.Writer) error {
	all := slices.Clone(r.Accumulators)
	for _, e := range r.Rates {
		all = append(all, Entry{e.Name, fmt.Sprintf("%.0f", e.Value)})
	}
	for _, e := range r.TimeShares {
		all = append(all, Entry{e.Name + "TimeShare", fmt.Sprintf("%.1f%%", e.Value.(float64)*100)})
	}
	width := 0
	for _, e := range all {
		width = max(width, len(e.Name))
	}
	frame := strings.Repeat("*", 45)
	var b strings.Builder
	b.WriteString(frame + "\n")
	for _, e := range all {
		fmt.Fprintf(&b, "%-*s|  %v\n", width+5, e.Name, e.Value)
	}
	b.WriteString(frame + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}
