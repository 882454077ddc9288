package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
)

// parseOffsets reads topic:t,partition:0,offset:42;partition:1,offset:300. The
// topic may be left out where there is one.
func parseOffsets(text string, topics []string) (map[kafkakit.TopicPartition]int64, error) {
	all := map[kafkakit.TopicPartition]int64{}
	for piece := range strings.SplitSeq(text, ";") {
		if piece = strings.TrimSpace(piece); piece == "" {
			continue
		}
		p, offset, err := parseOffset(piece, topics)
		if err != nil {
			return nil, fmt.Errorf("%q: %w; expected partition:0,offset:42;partition:1,offset:300", piece, err)
		}
		if _, twice := all[p]; twice {
			return nil, fmt.Errorf("partition %s is there twice", p)
		}
		all[p] = offset
	}
	if len(all) == 0 {
		return nil, errors.New("is required by mode specific-offsets: partition:0,offset:42;partition:1,offset:300")
	}
	return all, nil
}

func parseOffset(piece string, topics []string) (p kafkakit.TopicPartition, offset int64, err error) {
	given := map[string]string{}
	for member := range strings.SplitSeq(piece, ",") {
		name, value, ok := strings.Cut(member, ":")
		name = strings.TrimSpace(name)
		if _, twice := given[name]; !ok || twice || !slices.Contains([]string{"topic", "partition", "offset"}, name) {
			return p, 0, fmt.Errorf("%q is no topic, partition or offset", strings.TrimSpace(member))
		}
		given[name] = strings.TrimSpace(value)
	}
	id, err := strconv.ParseInt(given["partition"], 10, 32)
	if err != nil || id < 0 {
		return p, 0, fmt.Errorf("%q is no number of a partition", given["partition"])
	}
	if offset, err = strconv.ParseInt(given["offset"], 10, 64); err != nil || offset < 0 {
		return p, 0, fmt.Errorf("%q is no offset", given["offset"])
	}
	p = kafkakit.TopicPartition{Topic: given["topic"], ID: int32(id)}
	switch {
	case p.Topic == "" && len(topics) != 1:
		return p, 0, fmt.Errorf("which of the topics %s is not said", strings.Join(topics, ", "))
	case p.Topic == "":
		p.Topic = topics[0]
	case !slices.Contains(topics, p.Topic):
		return p, 0, fmt.Errorf("topic %s is none of the job's", p.Topic)
	}
	return p, offset, nil
}

// starts says where each partition is begun by a job that has no position of it.
func (r *reader) starts(ctx context.Context, c *kafkakit.Client, list []kafkakit.TopicPartition) (map[kafkakit.TopicPartition]int64, error) {
	set := r.config.Consumer.Consumer
	switch r.config.Mode {
	case modeEarliest:
		return c.Offsets(ctx, list, kafkakit.Earliest, set)
	case modeLatest:
		return c.Offsets(ctx, list, kafkakit.Latest, set)
	case modeTimestamp:
		return r.startsAt(ctx, c, list)
	}
	given := map[kafkakit.TopicPartition]int64{}
	if r.config.Mode == modeSpecific {
		maps.Copy(given, r.config.offsets)
		for p := range given {
			if !slices.Contains(list, p) {
				return nil, errclass.With(errclass.Config, fmt.Errorf("offset names partition %s, which does not exist", p))
			}
		}
	}
	rest := slices.DeleteFunc(slices.Clone(list), func(p kafkakit.TopicPartition) bool { _, ok := given[p]; return ok })
	if len(rest) == 0 {
		return given, nil
	}
	committed, err := c.GroupOffsets(ctx, r.config.Group, rest)
	if err != nil {
		return nil, err
	}
	maps.Copy(given, committed)
	rest = slices.DeleteFunc(rest, func(p kafkakit.TopicPartition) bool { _, ok := given[p]; return ok })
	if len(rest) == 0 {
		return given, nil
	}
	reset, at := set.Reset, kafkakit.Latest
	switch reset {
	case "none":
		return nil, errclass.With(errclass.Config, fmt.Errorf("consumer group %q has committed no offset of partition %s, and auto.offset.reset is none: take another mode", r.config.Group, rest[0]))
	case "earliest":
		at = kafkakit.Earliest
	case "":
		reset = "latest"
	}
	r.env.Log.Info("the consumer group has committed no offset of some partitions: they begin as auto.offset.reset says",
		"group", r.config.Group, "partitions", len(rest), "auto.offset.reset", reset)
	others, err := c.Offsets(ctx, rest, at, set)
	maps.Copy(given, others)
	return given, err
}

// startsAt begins with the first messages that are not older than a time, where
// there is none yet with the next one.
func (r *reader) startsAt(ctx context.Context, c *kafkakit.Client, list []kafkakit.TopicPartition) (map[kafkakit.TopicPartition]int64, error) {
	set := r.config.Consumer.Consumer
	all, err := c.Offsets(ctx, list, *r.config.Timestamp, set)
	if err != nil {
		return nil, err
	}
	var later []kafkakit.TopicPartition
	for p, offset := range all {
		if offset < 0 {
			later = append(later, p)
		}
	}
	if len(later) == 0 {
		return all, nil
	}
	ends, err := c.Offsets(ctx, later, kafkakit.Latest, set)
	maps.Copy(all, ends)
	return all, err
}
