package stream

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/record"
)

// randomOf generates values between the two ends that DataX's random names: of
// numbers and times the values, both included; of texts and bytes the length;
// of truth values how often false and true come.
func randomOf(col record.Column, typeText, text string, opt convert.Options) (generator, error) {
	low, high, ok := strings.Cut(text, ",")
	low, high = strings.TrimSpace(low), strings.TrimSpace(high)
	if !ok || low == "" || high == "" {
		return nil, fmt.Errorf("random: expected two values with a comma between them, found %q", text)
	}
	switch col.Kind {
	case record.Date, record.Datetime, record.Timestamp:
		return randomMoment(col, typeText, low, high, opt)
	case record.Float32, record.Float64:
		return randomFloat(col.Kind, low, high)
	case record.Int64, record.Bool, record.String, record.Bytes:
	default:
		return nil, fmt.Errorf("random: a column of type %s has none: remove it, or use customized values at the source", typeText)
	}
	from, err := strconv.ParseInt(low, 10, 64)
	to, err2 := strconv.ParseInt(high, 10, 64)
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("random: expected two whole numbers, found %q", text)
	}
	switch span := uint64(to) - uint64(from) + 1; {
	case col.Kind == record.Bool && (from < 0 || to < 0 || from+to <= 0):
		return nil, fmt.Errorf("random: expected how often false and true come, found %q", text)
	case col.Kind == record.Bool:
		return func(b *record.Batch, x uint64, _ int64) { b.Bool(x%uint64(from+to) >= uint64(from)) }, nil
	case from > to:
		return nil, fmt.Errorf("random: %d is more than %d", from, to)
	case col.Kind == record.Int64 && span == 0:
		return func(b *record.Batch, x uint64, _ int64) { b.Int64(int64(x)) }, nil
	case col.Kind == record.Int64:
		return func(b *record.Batch, x uint64, _ int64) { b.Int64(int64(uint64(from) + x%span)) }, nil
	case from < 0 || to > longestText:
		return nil, fmt.Errorf("random: expected lengths from 0 to %d, found %q", longestText, text)
	default:
		return func(b *record.Batch, x uint64, _ int64) { genText(b, col.Kind, x, int(uint64(from)+mix(x)%span)) }, nil
	}
}

// longestText bounds random texts, far below the largest row.
const longestText = 1 << 20

func randomFloat(kind record.Kind, low, high string) (generator, error) {
	from, err := strconv.ParseFloat(low, 64)
	to, err2 := strconv.ParseFloat(high, 64)
	if errors.Join(err, err2) != nil || from > to || math.IsInf(to-from, 0) || math.IsNaN(to-from) {
		return nil, fmt.Errorf("random: expected two numbers, the smaller first, found \"%s, %s\"", low, high)
	}
	if kind == record.Float32 {
		return func(b *record.Batch, x uint64, _ int64) { b.Float32(float32(from + unit(x)*(to-from))) }, nil
	}
	return func(b *record.Batch, x uint64, _ int64) { b.Float64(from + unit(x)*(to-from)) }, nil
}

func randomMoment(col record.Column, typeText, low, high string, opt convert.Options) (generator, error) {
	var ends [2]int64
	for i, text := range []string{low, high} {
		row, err := constantRow(col, typeText, text, opt)
		if err != nil {
			return nil, fmt.Errorf("random: %w", err)
		}
		switch col.Kind {
		case record.Date:
			ends[i] = row.Date(0)
		case record.Datetime:
			ends[i], _ = row.Datetime(0)
		default:
			ends[i], _ = row.Timestamp(0)
		}
	}
	if ends[0] > ends[1] {
		return nil, fmt.Errorf("random: %s is later than %s", low, high)
	}
	span := uint64(ends[1]-ends[0]) + 1
	switch col.Kind {
	case record.Date:
		return func(b *record.Batch, x uint64, _ int64) { b.Date(ends[0] + int64(x%span)) }, nil
	case record.Datetime:
		return func(b *record.Batch, x uint64, _ int64) { b.Datetime(ends[0]+int64(x%span), 0) }, nil
	}
	return func(b *record.Batch, x uint64, _ int64) { b.Timestamp(ends[0]+int64(x%span), 0) }, nil
}
