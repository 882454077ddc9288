package launcher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/pump"
	"github.com/datasync-io/datasync/dirty"
)

// dirtyTableRetry is how long the table for dirty rows may be away: rows of
// the job wait meanwhile.
const dirtyTableRetry = 15 * time.Second

const theDirtyTable = "the table for dirty rows"

// buildDirtyTable finds the writer of the table for dirty rows by the scheme of
// its URL; nothing is dialled.
func (r *Runner) buildDirtyTable() error {
	t := r.job.DirtyTable()
	if t == nil || r.o.Replay != "" {
		return nil
	}
	const place = theDirtyTable + ": "
	scheme, _, _ := strings.Cut(strings.TrimPrefix(t.URL, "jdbc:"), ":")
	name := scheme
	if scheme == "mariadb" {
		name = "mysql"
	}
	info, err := r.o.Registry.Writer(name)
	if err != nil || !strings.HasPrefix(t.URL, "jdbc:") {
		return errclass.With(errclass.Config, fmt.Errorf(place+"no writer for the URL %s: expected jdbc:mysql:, jdbc:postgresql:, jdbc:sqlserver: or jdbc:sqlite: and a place", config.MaskText(t.URL)))
	}
	if file, ok := strings.CutPrefix(t.URL, sqliteURL); ok && (names(r.pipe.Reader.Parameter.Node(), file) || names(r.pipe.Writer.Parameter.Node(), file)) {
		return errclass.With(errclass.Config, errors.New(place+"it lies in a SQLite file that the job itself reads or writes: name another file, or the job waits for itself"))
	}
	d, err := config.Inline(parameterOf(t))
	if err != nil {
		return errclass.With(errclass.Config, fmt.Errorf(place+"%w", err))
	}
	if r.dirtyTable, err = info.New(r.env(info.Name), d); err != nil {
		text := err.Error()
		if faults := config.Faults(err); len(faults) > 0 { // their places are those of a parameter that nobody has written
			text = faults[0].Path + ": " + faults[0].Msg
		}
		return errclass.With(errclass.Config, errors.New(place+text))
	}
	return nil
}

const sqliteURL = "jdbc:sqlite:"

// names tells that a text in n is the path or URL of a SQLite file.
func names(n *config.Node, file string) bool {
	path := func(text string) string {
		text, _, _ = strings.Cut(strings.TrimPrefix(text, sqliteURL), "?")
		return filepath.Clean(strings.TrimPrefix(text, "file:"))
	}
	for _, m := range n.Members() {
		if names(m.Node, file) {
			return true
		}
	}
	for _, item := range n.Items() {
		if names(item, file) {
			return true
		}
	}
	return n.Kind() == config.StringKind && n.Text() != "" && path(n.Text()) == path(file)
}

// parameterOf spells the table as the parameter of a writer of SQL databases.
func parameterOf(t *job.DirtyTable) string {
	var columns []string
	for _, c := range dirty.TableSchema(t.Table).Columns {
		columns = append(columns, c.Name)
	}
	connection := map[string]any{"jdbcUrl": t.URL, "table": []string{t.Table}}
	if t.Database != "" {
		connection["schema"] = t.Database
	}
	parameter := map[string]any{"connection": []any{connection}, "column": columns, "createTable": true, "writeMode": "insert"}
	if t.Username != "" {
		parameter["username"] = t.Username
	}
	if t.Password.IsSet() {
		parameter["password"] = t.Password.Reveal()
	}
	text, _ := json.Marshal(parameter) // texts always encode
	return string(text)
}

// openDirtyTable opens the table, if there is one.
func (r *Runner) openDirtyTable(ctx context.Context) (dirty.Sink, error) {
	t := r.job.DirtyTable()
	retry := pump.Retry{First: dirtyTableRetry, Later: dirtyTableRetry}
	return dirty.OpenTable(ctx, dirty.TableSettings{
		Writer: r.dirtyTable, Schema: dirty.TableSchema(t.Table), Job: r.id, ID: jobID(r.id),
		Reader: r.pipe.Reader.Name, Operator: r.pipe.Writer.Name, Rows: t.BatchSize, Wait: t.FlushInterval,
		Retry: func(ctx context.Context, f func() error) error {
			return retry.Do(ctx, r.o.Log, "writing dirty rows into their table", f)
		},
	})
}

// jobID is what FlinkX calls job_id: 32 hexadecimal digits, the same for all
// runs of a job.
func jobID(identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return hex.EncodeToString(sum[:16])
}
