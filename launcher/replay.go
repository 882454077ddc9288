package launcher

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/transform"
	"github.com/datasync-io/datasync/dirty"
)

// replayReader names the reader of a replay, for people and the fingerprint.
const replayReader = "dirty rows"

// replayFrom makes the job one that writes the rows of a dirty file again: under
// an identity of its own, and as they are, for they have been through the
// transforms before they were refused.
func (r *Runner) replayFrom(file string) error {
	replay, err := dirty.NewReplay(file)
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]string{"path": replay.Path()})
	if err != nil {
		return err
	}
	node, err := config.Parse(config.NewText("", text))
	if err != nil {
		return err
	}
	if err := r.buildTransform(); err != nil {
		return err
	}
	r.listed, r.plan = !r.named(), transform.Plan{}
	r.replay, r.reader = replay, replay
	r.pipe.Reader = job.Operator{Name: replayReader, Plugin: "replay", Parameter: config.NewDecoder(node, config.Settings{}), Node: node}
	r.pipe.Transformer, r.pipe.NameMapping, r.pipe.TableColumns, r.pipe.Restoration = nil, nil, nil, nil
	stem := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	r.id = r.job.Identity + "-replay-" + stem + "-0"
	return nil
}

// buildReplay builds the plugins of a replay.
func (r *Runner) buildReplay() error {
	if err := r.replayFrom(r.o.Replay); err != nil {
		return errclass.With(errclass.Config, err)
	}
	return r.buildWriter()
}
