package filekit

import (
	"archive/zip"
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// Packings by the extensions of files. Snappy is its framing format.
var packings = map[string]string{".gz": "gzip", ".zst": "zstd", ".zstd": "zstd", ".sz": "snappy", ".snappy": "snappy", ".bz2": "bzip2", ".zip": "zip"}

// Extension returns that of files packed so, or "".
func Extension(packing string) string {
	return map[string]string{"gzip": ".gz", "zstd": ".zst", "snappy": ".sz"}[packing]
}

// formats maps extensions to formats.
var formats = map[string]string{
	".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".parquet": "parquet", ".parq": "parquet",
}

// Name takes a file's name apart: orders.jsonl.gz is orders, .jsonl.gz, jsonl
// and gzip. What an extension does not say is "".
func Name(name string) (stem, ext, format, packing string) {
	stem = name
	if last := filepath.Ext(stem); packings[strings.ToLower(last)] != "" {
		packing = packings[strings.ToLower(last)]
		stem = strings.TrimSuffix(stem, last)
	}
	if e := filepath.Ext(stem); formats[strings.ToLower(e)] != "" {
		format = formats[strings.ToLower(e)]
		stem = strings.TrimSuffix(stem, e)
	}
	return stem, name[len(stem):], format, packing
}

const readAhead = 256 << 10

// Unpack returns the text of a packed file of that size; closing it does not
// close the file. An empty file is an empty text.
func Unpack(packing string, f File, size int64) (io.ReadCloser, error) {
	if packing == "zip" {
		return unzip(f, size)
	}
	in := bufio.NewReaderSize(f, readAhead)
	if _, err := in.Peek(1); errors.Is(err, io.EOF) {
		return io.NopCloser(in), nil
	}
	switch packing {
	case "gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("it is no gzip: %w", err)
		}
		return z, nil
	case "zstd":
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(512<<20))
		if err != nil {
			return nil, fmt.Errorf("it is no zstd: %w", err)
		}
		return z.IOReadCloser(), nil
	case "snappy":
		return io.NopCloser(s2.NewReader(in)), nil
	case "bzip2":
		return io.NopCloser(bzip2.NewReader(in)), nil
	}
	return io.NopCloser(in), nil
}

// unzip reads an archive of one file.
func unzip(f File, size int64) (io.ReadCloser, error) {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return nil, fmt.Errorf("it is no zip: %w", err)
	}
	if len(z.File) != 1 {
		return nil, fmt.Errorf("the zip holds %d files, and one is expected: unpack it", len(z.File))
	}
	in, err := z.File[0].Open()
	if err != nil {
		return nil, fmt.Errorf("opening %s in the zip: %w", z.File[0].Name, err)
	}
	return in, nil
}

// Packer writes packed text. Each piece between Reset and Close can be read
// alone, and so can pieces behind each other.
type Packer interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// NewPacker returns what packs so, not yet bound to a file: gzip, zstd or snappy.
func NewPacker(packing string) (Packer, error) {
	switch packing {
	case "gzip":
		z, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
		if err != nil {
			return nil, fmt.Errorf("beginning a gzip: %w", err)
		}
		return z, nil
	case "zstd":
		z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			return nil, fmt.Errorf("beginning a zstd: %w", err)
		}
		return z, nil
	case "snappy":
		return s2.NewWriter(io.Discard, s2.WriterSnappyCompat(), s2.WriterConcurrency(1)), nil
	}
	return nil, fmt.Errorf("nothing is written as %q", packing)
}
