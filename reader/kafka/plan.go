package kafka

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
)

// Splits implements [plugin.Splitter]: all partitions are dealt to at most as
// many splits as there are channels, and where each begins is settled. A run that
// ends begins where the last one has ended.
func (r *reader) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	client, err := r.connection()
	if err != nil {
		return nil, err
	}
	deal, list, err := r.survey(ctx, client)
	if err != nil {
		return nil, err
	}
	var before gathered
	if err := before.take(p.Last); err != nil {
		return nil, err
	}
	known, fresh := before.split(list)
	if len(known) > 0 { // what is new since then is read whole
		found, err := client.Offsets(ctx, fresh, kafkakit.Earliest, r.config.Consumer.Consumer)
		if err != nil {
			return nil, err
		}
		maps.Copy(known, found)
	} else if known, err = r.starts(ctx, client, list); err != nil {
		return nil, err
	}
	if deal.Ends, err = r.ends(ctx, client, list); err != nil {
		return nil, err
	}
	return deal.splits(known, min(p.Channels, len(list)))
}

// survey asks for the topics and all their partitions.
func (r *reader) survey(ctx context.Context, client *kafkakit.Client) (spec, []kafkakit.TopicPartition, error) {
	deal := spec{V: version}
	var list []kafkakit.TopicPartition
	for _, topic := range r.config.topics {
		n, id, err := client.Partitions(ctx, topic)
		if err != nil {
			return deal, nil, err
		}
		deal.Topics = append(deal.Topics, topicSpec{Name: topic, First: len(list), ID: id})
		for i := range n {
			list = append(list, kafkakit.TopicPartition{Topic: topic, ID: int32(i)})
		}
	}
	return deal, list, nil
}

// ends returns where a bounded run ends; nil: it does not.
func (r *reader) ends(ctx context.Context, client *kafkakit.Client, list []kafkakit.TopicPartition) (offsets, error) {
	if !r.config.bounded() {
		return nil, nil
	}
	found, err := client.Offsets(ctx, list, kafkakit.Latest, r.config.Consumer.Consumer)
	if err != nil {
		return nil, err
	}
	ends := offsets{}
	for p, offset := range found {
		ends.set(p, offset)
	}
	return ends, nil
}

// splits deals partitions that begin there to n splits.
func (s *spec) splits(starts map[kafkakit.TopicPartition]int64, n int) ([]plugin.Split, error) {
	all := make([]plugin.Split, n)
	for i := range all {
		one := *s
		one.Index, one.Of, one.Starts = i, n, offsets{}
		if s.Ends != nil {
			one.Ends = offsets{}
		}
		for p, offset := range starts {
			if one.owns(p) {
				one.Starts.set(p, offset)
				if end, ok := s.Ends[p.Topic][p.ID]; ok {
					one.Ends.set(p, end)
				}
			}
		}
		var err error
		if all[i], err = one.split(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// owns tells that a partition falls to the split.
func (s *spec) owns(p kafkakit.TopicPartition) bool {
	topic := slices.IndexFunc(s.Topics, func(t topicSpec) bool { return t.Name == p.Topic })
	return topic >= 0 && s.Topics[topic].owner(p.ID, s.Of) == s.Index
}

// gathered is what splits say of all partitions together.
type gathered struct {
	at    map[kafkakit.TopicPartition]int64 // where each is to be gone on
	ends  offsets
	specs []*spec
}

// take gathers where splits are. Of two offsets of a partition the later one
// counts: it was stored later.
func (g *gathered) take(stored []plugin.Progress) error {
	g.at, g.ends = map[kafkakit.TopicPartition]int64{}, offsets{}
	later := func(p kafkakit.TopicPartition, offset int64) {
		if old, ok := g.at[p]; !ok || offset > old {
			g.at[p] = offset
		}
	}
	for _, p := range stored {
		sp, err := parseSpec(p.Split)
		if err != nil {
			return err
		}
		g.specs = append(g.specs, sp)
		sp.Starts.each(later)
		sp.Ends.each(g.ends.set)
		if p.Position != nil {
			at, err := parsePosition(p.Position)
			if err != nil {
				return err
			}
			at.each(later)
		}
	}
	return nil
}

// split parts partitions into those that are known, and the others.
func (g *gathered) split(list []kafkakit.TopicPartition) (known map[kafkakit.TopicPartition]int64, fresh []kafkakit.TopicPartition) {
	known = map[kafkakit.TopicPartition]int64{}
	for _, p := range list {
		if offset, ok := g.at[p]; ok {
			known[p] = offset
		} else {
			fresh = append(fresh, p)
		}
	}
	return known, fresh
}

// Resume implements [plugin.Resumer]: for another number of channels, and when
// the job file has given runs an end or taken it away, the partitions are dealt
// anew, from where each of them is.
func (r *reader) Resume(ctx context.Context, channels int, stored []plugin.Progress) ([]plugin.Progress, error) {
	var g gathered
	if err := g.take(stored); err != nil || len(stored) == 0 {
		return stored, err
	}
	first := g.specs[0]
	if names := namesOf(first.Topics); !slices.Equal(names, r.config.topics) {
		return nil, lost("the job has read from %s, and is to go on with %s", strings.Join(names, ", "), strings.Join(r.config.topics, ", "))
	}
	bounded := first.Ends != nil
	if bounded == r.config.bounded() && (bounded || len(stored) == min(channels, max(len(g.at), 1))) {
		return stored, nil
	}
	deal := spec{V: version, Topics: first.Topics}
	for _, sp := range g.specs {
		deal.Plan = max(deal.Plan, sp.Plan+1)
	}
	if r.config.bounded() {
		client, err := r.connection()
		if err != nil {
			return nil, err
		}
		if deal.Ends, err = r.ends(ctx, client, slices.Collect(maps.Keys(g.at))); err != nil {
			return nil, err
		}
	}
	splits, err := deal.splits(g.at, min(channels, max(len(g.at), 1)))
	if err != nil {
		return nil, err
	}
	r.env.Log.Info("the partitions are dealt anew", "before", len(stored), "channels", len(splits))
	plan := make([]plugin.Progress, len(splits))
	for i := range plan {
		plan[i].Split = splits[i]
	}
	return plan, nil
}

func namesOf(topics []topicSpec) (names []string) {
	for _, t := range topics {
		names = append(names, t.Name)
	}
	return names
}
