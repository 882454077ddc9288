package launcher

import (
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
)

// combined finds what is wrong with the job as a whole though each plugin's
// parameters are sound, as far as that can be known without dialling.
func (r *Runner) combined() error {
	channels := plugin.Channels{Readers: r.job.Setting.Speed.Readers(), Writers: r.job.Setting.Speed.Writers(), Changes: r.readsChanges()}
	var errs []error
	if c, ok := r.reader.(plugin.Checker); ok {
		errs = append(errs, r.pipe.Reader.Parameter.Place(c.Check(channels)))
	}
	if c, ok := r.writer.(plugin.Checker); ok {
		errs = append(errs, r.pipe.Writer.Parameter.Place(c.Check(channels)))
	}
	errs = append(errs, r.columns())
	return config.Join(errs...)
}

// columns compares the two lists of columns: what the reader, or the
// transformer after it, makes and what the writer takes.
func (r *Runner) columns() error {
	from, lists := r.reader.(plugin.Lister)
	if !lists {
		return nil
	}
	names, err := r.transformable(from.Columns())
	if err != nil || names == nil {
		return err
	}
	to, fits := r.writer.(plugin.Fitter)
	if !fits {
		return nil
	}
	return r.pipe.Writer.Parameter.Place(to.Fits(names))
}
