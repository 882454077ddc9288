package file

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/datasync-io/datasync/core/record"
)

// layout stands for what the rows of one file have in common: the names of the
// columns, in parquet their types too; "" where each row says it itself.
func (w *writer) layout(s *record.Schema) string {
	if w.config.Format == "jsonl" {
		return ""
	}
	h := sha256.New()
	for _, c := range s.Columns[:s.Data] {
		if w.config.Format == "parquet" {
			_, _ = fmt.Fprintf(h, "%q %s %d %d %d ", c.Name, c.Kind, c.Length, c.Precision, c.Scale) // a hash takes everything
			continue
		}
		_, _ = fmt.Fprintf(h, "%q ", c.Name)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// turn leaves the last file where its table's rows have other columns from here
// on: they go to the next one.
func (s *sink) turn(schema *record.Schema) error {
	s.schema = schema
	last := len(s.files) - 1
	if last < 0 {
		return nil
	}
	f := s.files[last]
	if f.Layout == "" || f.Table != schema.Name.String() || f.Layout == s.writer.layout(schema) {
		return nil
	}
	s.next = true
	if s.out != nil {
		if err := s.closeOutput(); err != nil {
			return err
		}
	}
	s.encoder.renew()
	return nil
}

// note keeps in the last file what its rows are.
func (s *sink) note(schema *record.Schema) {
	if f := &s.files[len(s.files)-1]; f.Layout == "" {
		f.Table, f.Layout = schema.Name.String(), s.writer.layout(schema)
	}
}
