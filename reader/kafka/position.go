package kafka

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
)

const version = 1

// offsets are those of partitions, as JSON has them.
type offsets map[string]map[int32]int64

func (o offsets) set(p kafkakit.TopicPartition, offset int64) {
	if o[p.Topic] == nil {
		o[p.Topic] = map[int32]int64{}
	}
	o[p.Topic][p.ID] = offset
}

func (o offsets) each(f func(p kafkakit.TopicPartition, offset int64)) {
	for topic, parts := range o {
		for id, offset := range parts {
			f(kafkakit.TopicPartition{Topic: topic, ID: id}, offset)
		}
	}
}

// topicSpec is a topic of the job.
type topicSpec struct {
	Name  string `json:"name"`
	First int    `json:"first"`        // how many partitions the topics before it had
	ID    string `json:"id,omitempty"` // its identity when the job began: one that was made anew has another; "": not known
}

// spec is what a split's Spec holds. Of Of splits, that with the number Index
// has the partitions p of a topic for which the topic's First plus p, modulo Of, is
// Index: they are dealt round robin, and so are those that are added later.
type spec struct {
	V      int         `json:"v"`
	Plan   int         `json:"plan"` // counts how often the partitions were dealt anew
	Index  int         `json:"index"`
	Of     int         `json:"of"`
	Topics []topicSpec `json:"topics"`
	Starts offsets     `json:"starts"`         // of the partitions that were there
	Ends   offsets     `json:"ends,omitempty"` // where they end; nil: never
}

// owner is the number of the split, of n, that a partition falls to.
func (t *topicSpec) owner(id int32, n int) int { return (t.First + int(id)) % n }

// id names the split. One that was dealt anew has a name that none had before:
// positions of another deal are not its own.
func (s *spec) id() string {
	if s.Plan == 0 {
		return strconv.Itoa(s.Index)
	}
	return fmt.Sprintf("%d/%d", s.Plan, s.Index)
}

func (s *spec) split() (plugin.Split, error) {
	raw, err := json.Marshal(s)
	return plugin.Split{ID: s.id(), Spec: raw, Endless: s.Ends == nil, Ordered: s.Ends != nil, Remembers: s.Ends != nil}, err
}

func parseSpec(s plugin.Split) (*spec, error) {
	var sp spec
	err := json.Unmarshal(s.Spec, &sp)
	switch {
	case err != nil:
	case sp.V != version:
		err = errors.New("it was planned by another version")
	case sp.Of < 1 || sp.Index < 0 || sp.Index >= sp.Of || len(sp.Topics) == 0:
		err = errors.New("it is no split of this reader")
	}
	if err != nil {
		return nil, lost("reading split %q: %w", s.ID, err)
	}
	return &sp, nil
}

// position is the next offset of each partition of a split.
type position struct {
	V       int     `json:"v"`
	At      string  `json:"at"`
	Offsets offsets `json:"offsets"`
}

func parsePosition(raw []byte) (offsets, error) {
	var p position
	err := json.Unmarshal(raw, &p)
	if err == nil && (p.V != version || p.Offsets == nil) {
		err = errors.New("it is none of this reader and version")
	}
	if err != nil {
		return nil, lost("reading the position %s: %w", raw, err)
	}
	return p.Offsets, nil
}

// shown is how many partitions the text of a position for people has.
const shown = 16

// appendPosition appends the position of partitions in the order of their names.
func appendPosition(dst []byte, parts []*part) []byte {
	dst = append(dst, `{"v":1,"at":"`...)
	for i, p := range parts {
		if i == shown {
			dst = append(dst, ",..."...)
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, p.Topic...) // of letters, digits, dots, dashes and underscores alone
		dst = strconv.AppendInt(append(dst, '/'), int64(p.ID), 10)
		dst = strconv.AppendInt(append(dst, ':'), p.next.Load(), 10)
	}
	dst = append(dst, `","offsets":{`...)
	for i, p := range parts {
		switch {
		case i > 0 && parts[i-1].Topic == p.Topic:
			dst = append(dst, ',')
		default:
			if i > 0 {
				dst = append(dst, `},`...)
			}
			dst = append(append(append(dst, '"'), p.Topic...), `":{`...)
		}
		dst = strconv.AppendInt(append(dst, '"'), int64(p.ID), 10)
		dst = strconv.AppendInt(append(dst, `":`...), p.next.Load(), 10)
	}
	if len(parts) > 0 {
		dst = append(dst, '}')
	}
	return append(dst, `}}`...)
}

// lost is an error of class PositionLost, with the way on.
func lost(format string, args ...any) error {
	return errclass.With(errclass.PositionLost, fmt.Errorf("%w: start over with -fresh", fmt.Errorf(format, args...)))
}
