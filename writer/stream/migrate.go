package stream

import (
	"context"
	"fmt"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Migrator = (*writer)(nil)

var changeNames = [...]string{record.Other: "statement", record.Create: "create", record.Alter: "alter", record.Drop: "drop", record.Rename: "rename", record.Truncate: "truncate"}

// Migrate implements [plugin.Migrator]: the change is printed among the rows.
func (w *writer) Migrate(_ context.Context, c *record.Change) error {
	if !w.print {
		return nil
	}
	line := fmt.Appendf(nil, "schema change: %s ", changeNames[c.Kind])
	line = appendVisible(line, []byte(c.Name.String()))
	if c.SQL != "" {
		line = appendVisible(append(line, ": "...), []byte(c.SQL))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.console.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("printing a schema change: %w", err)
	}
	return nil
}
