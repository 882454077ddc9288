package kafkakit

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/IBM/sarama"
)

// fetchBytes is how much of a partition is asked for at once.
const fetchBytes = 4 << 20

// scan reads the record batches that a partition holds now from an offset on,
// those of transactions under way too, in order. It returns where it has ended.
func (c *Client) scan(ctx context.Context, topic string, partition int32, from int64, each func(*sarama.RecordBatch) error) (at int64, err error) {
	defer c.wire.bound(ctx)()
	oldest, err := c.cluster.GetOffset(topic, partition, sarama.OffsetOldest)
	if err != nil {
		return 0, c.at.explain("reading topic "+topic, err)
	}
	end, err := c.cluster.GetOffset(topic, partition, sarama.OffsetNewest)
	if err != nil {
		return 0, c.at.explain("reading topic "+topic, err)
	}
	for at = max(from, oldest); at < end; {
		batches, next, err := c.fetch(topic, partition, at)
		if err != nil {
			return at, c.at.explain(fmt.Sprintf("reading topic %s from offset %d", topic, at), err)
		}
		if ctx.Err() != nil {
			return at, ctx.Err()
		}
		for _, b := range batches {
			if err := each(b); err != nil {
				return at, err
			}
			at = b.FirstOffset + int64(b.LastOffsetDelta) + 1
		}
		at = max(at, next)
	}
	return at, nil
}

// fetch returns the whole batches that begin at an offset, at least one; or none
// and the offset behind those there, which compaction has emptied.
func (c *Client) fetch(topic string, partition int32, at int64) (batches []*sarama.RecordBatch, next int64, err error) {
	leader, err := c.cluster.Leader(topic, partition)
	if err != nil {
		return nil, 0, err
	}
	req := &sarama.FetchRequest{Version: 11, MaxWaitTime: 500, MinBytes: 1, MaxBytes: fetchBytes, SessionEpoch: -1}
	req.AddBlock(topic, partition, at, fetchBytes, -1)
	res, err := leader.Fetch(req)
	if err != nil {
		return nil, 0, err
	}
	block := res.GetBlock(topic, partition)
	if block == nil {
		return nil, 0, sarama.ErrIncompleteResponse
	}
	if block.Err != sarama.ErrNoError {
		return nil, 0, block.Err
	}
	for _, set := range block.RecordsSet {
		if b := set.RecordBatch; b != nil && !b.PartialTrailingRecord {
			batches = append(batches, b)
		}
	}
	if len(batches) > 0 {
		return batches, 0, nil
	}
	if next = behindEmpty(block); block.Partial || next <= at {
		return nil, 0, sarama.ErrIncompleteResponse
	}
	return nil, next, nil
}

// committed tells what the end of a transaction says: KIP-98's control record
// has a version and a type, 0 for taken back and 1 for committed.
func committed(b *sarama.RecordBatch) bool {
	for _, r := range b.Records {
		if len(r.Key) >= 4 {
			return binary.BigEndian.Uint16(r.Key[2:]) == 1
		}
	}
	return false
}
