package kafkakit

import (
	"fmt"
	"io"

	"github.com/IBM/sarama"
	"github.com/klauspost/compress/gzip"
	snappy "github.com/klauspost/compress/snappy/xerial"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// compressor appends the compressed form of raw to dst. It is for one goroutine.
type compressor func(dst, raw []byte) ([]byte, error)

// newCompressor returns nil for no compression.
func newCompressor(codec sarama.CompressionCodec, level int) (compressor, error) {
	switch codec {
	case sarama.CompressionNone:
		return nil, nil
	case sarama.CompressionGZIP:
		if level == sarama.CompressionLevelDefault {
			level = gzip.DefaultCompression
		}
		w, err := gzip.NewWriterLevel(nil, level)
		return streamed(w), err
	case sarama.CompressionSnappy:
		return func(dst, raw []byte) ([]byte, error) {
			return append(dst, snappy.Encode(dst[len(dst):], raw)...), nil // a dst that is not empty is taken for its own
		}, nil
	case sarama.CompressionLZ4:
		w := lz4.NewWriter(nil)
		return streamed(w), w.Apply(lz4.BlockSizeOption(lz4.Block64Kb)) // what the Java client takes
	case sarama.CompressionZSTD:
		speed := zstd.SpeedDefault
		if level != sarama.CompressionLevelDefault {
			speed = zstd.EncoderLevelFromZstd(level)
		}
		// The Java client reads a batch as a stream, and wants frames of empty ones too.
		w, err := zstd.NewWriter(nil, zstd.WithZeroFrames(true), zstd.WithEncoderLevel(speed), zstd.WithEncoderConcurrency(1))
		return func(dst, raw []byte) ([]byte, error) { return w.EncodeAll(raw, dst), nil }, err
	default:
		return nil, fmt.Errorf("unknown compression %v", codec)
	}
}

// streamed makes a compressor of a writer that is used again and again.
func streamed(w interface {
	io.WriteCloser
	Reset(w io.Writer)
}) compressor {
	return func(dst, raw []byte) ([]byte, error) {
		out := appender(dst)
		w.Reset(&out)
		if _, err := w.Write(raw); err != nil {
			return nil, err
		}
		err := w.Close()
		return out, err
	}
}

// appender is a slice that is written to.
type appender []byte

// Write implements [io.Writer].
func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}
