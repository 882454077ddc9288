package launcher

import (
	"context"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/columns"
)

// readsChanges tells that the rows of a job are changes, which a destination
// applies by their key.
func (r *Runner) readsChanges() bool {
	return changing[r.pipe.Reader.Plugin] || r.pipe.Reader.Plugin == "kafka"
}

// buildColumns reads tableColumns.
func (r *Runner) buildColumns() error {
	n := r.pipe.TableColumns
	if n == nil {
		return nil
	}
	var nodes []job.TableColumns
	d := r.at(n)
	if err := d.Decode(&nodes); err != nil {
		return err
	}
	s := columns.Settings{Changes: r.readsChanges()}
	for _, node := range nodes {
		s.Rules = append(s.Rules, columnRule(&node))
	}
	policy, faults := columns.New(s)
	if len(faults) > 0 {
		return r.columnFaults(faults)
	}
	r.plan.Columns = policy
	return nil
}

func columnRule(node *job.TableColumns) columns.Rule {
	rule := columns.Rule{Tables: node.Table, Include: node.Include, Exclude: node.Exclude}
	for _, m := range node.Mask {
		mask := columns.Mask{Columns: m.Columns, Text: m.Text, Length: m.Length, With: m.With, Keeps: m.KeepFirst != nil || m.KeepLast != nil}
		if m.KeepFirst != nil {
			mask.KeepFirst = *m.KeepFirst
		}
		if m.KeepLast != nil {
			mask.KeepLast = *m.KeepLast
		}
		rule.Mask = append(rule.Mask, mask)
	}
	for _, h := range node.Hash {
		rule.Hash = append(rule.Hash, columns.Hash{Columns: h.Columns, Algorithm: h.Algorithm, Salt: h.Salt.Reveal()})
	}
	for _, t := range node.Truncate {
		rule.Truncate = append(rule.Truncate, columns.Truncate{Columns: t.Columns, Length: t.Length})
	}
	return rule
}

// columnFaults puts faults of tableColumns to their places in the file.
func (r *Runner) columnFaults(faults []*columns.Fault) error {
	var errs []error
	for _, f := range faults {
		errs = append(errs, config.Field(f.Key, f.Err))
	}
	return r.at(r.pipe.TableColumns).Place(errors.Join(errs...))
}

// placedColumns puts a fault that a table has met to its place in the file, and
// leaves any other error as it is.
func (r *Runner) placedColumns(err error) error {
	var f *columns.Fault
	if r.pipe.TableColumns == nil || !errors.As(err, &f) {
		return err
	}
	return r.columnFaults([]*columns.Fault{f})
}

// columnsFit checks tableColumns against the tables that are there now: each
// rule is for one of them, and no key is lost. fresh false: a table may have been
// dropped since the job began, which is only said.
func (r *Runner) columnsFit(ctx context.Context, fresh bool) error {
	policy := r.plan.Columns
	if policy == nil {
		return nil
	}
	names, schemas, err := r.followed(ctx)
	if err != nil || names == nil {
		return err
	}
	var errs []error
	if unused := policy.Unused(names); len(unused) > 0 {
		err := r.columnFaults(unused)
		if fresh {
			errs = append(errs, err)
		} else {
			r.o.Log.Warn("rules for columns of tables that are not there", "error", err)
		}
	}
	for _, s := range schemas {
		_, err := policy.Schema(s)
		errs = append(errs, r.placedColumns(err))
	}
	return config.Join(errs...)
}

// followed returns the tables that the reader reads, and the schemas of those
// with rules; nil where it does not know.
func (r *Runner) followed(ctx context.Context) (names []record.Name, schemas []*record.Schema, err error) {
	switch reader := r.reader.(type) {
	case plugin.Follower:
		if names, schemas, err = reader.Follows(ctx, r.plan.Columns.Governs); err != nil {
			return nil, nil, fmt.Errorf("asking for the tables: %w", err)
		}
	case plugin.Describer:
		if schemas, err = reader.Describe(ctx); err != nil {
			return nil, nil, fmt.Errorf("describing the input: %w", err)
		}
		for _, s := range schemas {
			names = append(names, s.Name)
		}
	}
	return names, schemas, nil
}
