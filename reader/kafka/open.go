package kafka

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
)

// part is a partition that a source reads. Its place is set before its first
// piece is read, and no later.
type part struct {
	kafkakit.TopicPartition
	next  atomic.Int64 // the offset after the last message that was handed on
	end   int64        // of a bounded run; -1: none
	place atomic.Pointer[kafkakit.Place]
	done  bool
}

// Open implements [plugin.Reader].
func (r *reader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	sp, err := parseSpec(from.Split)
	if err != nil {
		return nil, err
	}
	at := offsets{}
	sp.Starts.each(at.set)
	if from.Position != nil {
		stored, err := parsePosition(from.Position)
		if err != nil {
			return nil, err
		}
		stored.each(at.set)
	}
	client, err := r.connection()
	if err != nil {
		return nil, err
	}
	s := &source{reader: r, spec: sp, client: client, index: map[kafkakit.TopicPartition]*part{}, began: time.Now()}
	if s.decoder, err = r.newDecoder(); err != nil {
		return nil, err
	}
	if s.consumer, err = client.NewConsumer(r.config.Consumer.Consumer.Share(sp.Of)); err != nil {
		return nil, err
	}
	if err := s.open(ctx, at); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// open finds the split's partitions and begins to read them.
func (s *source) open(ctx context.Context, at offsets) error {
	list, err := s.own(ctx)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(list), func(p kafkakit.TopicPartition) bool { _, ok := at[p.Topic][p.ID]; return ok })
	if s.spec.Ends == nil {
		found, err := s.client.Offsets(ctx, missing, kafkakit.Earliest, s.reader.config.Consumer.Consumer)
		if err != nil {
			return err
		}
		for p, offset := range found {
			at.set(p, offset)
		}
	}
	for _, p := range list {
		if offset, ok := at[p.Topic][p.ID]; ok { // one that is newer than a run that ends is of the next one
			if err := s.add(ctx, p, offset); err != nil {
				return err
			}
			delete(at[p.Topic], p.ID)
		}
	}
	gone := error(nil)
	at.each(func(p kafkakit.TopicPartition, _ int64) {
		gone = lost("partition %s is not there any longer", p)
	})
	if gone == nil && s.spec.Ends == nil {
		s.discover()
	}
	return gone
}

// own lists the partitions that are there and fall to the split.
func (s *source) own(ctx context.Context) (list []kafkakit.TopicPartition, err error) {
	for _, topic := range s.spec.Topics {
		n, id, err := s.client.Partitions(ctx, topic.Name)
		if err != nil {
			return nil, err
		}
		if id != topic.ID && id != "" && topic.ID != "" {
			return nil, lost("topic %s was deleted and made anew since the job has begun: its offsets mean other messages now", topic.Name)
		}
		for p := range n {
			if topic.owner(int32(p), s.spec.Of) == s.spec.Index {
				list = append(list, kafkakit.TopicPartition{Topic: topic.Name, ID: int32(p)})
			}
		}
	}
	return list, nil
}

// add reads a partition from an offset on.
func (s *source) add(ctx context.Context, p kafkakit.TopicPartition, offset int64) error {
	one := &part{TopicPartition: p, end: -1}
	one.next.Store(offset)
	if end, ok := s.spec.Ends[p.Topic][p.ID]; ok {
		one.end = end
		one.done = offset >= end
	}
	s.mu.Lock()
	s.index[p] = one
	at, _ := slices.BinarySearchFunc(s.parts, one, func(a, b *part) int {
		return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.ID, b.ID))
	})
	s.parts = slices.Insert(s.parts, at, one)
	s.mu.Unlock()
	if one.done {
		return nil
	}
	s.publish(one)
	return s.begin(ctx, one)
}

// begin has the consumer read a partition.
func (s *source) begin(ctx context.Context, p *part) error {
	place, err := s.consumer.Add(ctx, p.TopicPartition, p.next.Load())
	if err == nil {
		p.place.Store(place)
	}
	return err
}

// discover looks for partitions that are added while the source reads.
func (s *source) discover() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.looking.Go(func() {
		tick := time.NewTicker(s.reader.config.Consumer.Connection.MetadataMaxAge)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := s.look(ctx); err != nil && ctx.Err() == nil {
				s.reader.env.Log.Debug("looking for new partitions", "error", err)
			}
		}
	})
}

// look begins to read the partitions that are new.
func (s *source) look(ctx context.Context) error {
	list, err := s.own(ctx)
	if err != nil {
		return err
	}
	var fresh []kafkakit.TopicPartition
	s.mu.Lock()
	for _, p := range list {
		if s.index[p] == nil {
			fresh = append(fresh, p)
		}
	}
	late := slices.DeleteFunc(slices.Clone(s.parts), func(p *part) bool { return p.place.Load() != nil })
	s.mu.Unlock()
	for _, p := range late { // one that could not be begun the last time
		if err := s.begin(ctx, p); err != nil {
			return err
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	found, err := s.client.Offsets(ctx, fresh, kafkakit.Earliest, s.reader.config.Consumer.Consumer)
	if err != nil {
		return err
	}
	for _, p := range fresh {
		s.reader.env.Log.Info("a partition was added", "partition", p.String(), "split", s.spec.id())
		if err := s.add(ctx, p, found[p]); err != nil {
			return err
		}
	}
	return nil
}

// publish has figures of a partition shown: how many messages are behind the
// last one that was read, and how many before the partition's begin passes it.
func (s *source) publish(p *part) {
	figure := func(read func(place *kafkakit.Place) int64) func() float64 {
		return func() float64 {
			if place := p.place.Load(); place != nil && place.End() >= 0 {
				return float64(max(read(place), 0))
			}
			return 0
		}
	}
	labels := []string{"topic", p.Topic, "partition", p.String()[len(p.Topic)+1:]}
	s.reader.env.Gauge("lagMessages", figure(func(place *kafkakit.Place) int64 { return place.End() - p.next.Load() }), labels...)
	s.reader.env.Gauge("retainedMessages", figure(func(place *kafkakit.Place) int64 { return p.next.Load() - place.Begin() }), labels...)
}
