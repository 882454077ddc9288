package launcher

// Content is how an element of job.content has ended, of a job that runs several.
type Content struct {
	Index    int    `json:"index"`
	State    string `json:"state"`
	ExitCode int    `json:"exitCode"`
	Error    string `json:"error,omitempty"`
	Read     int64  `json:"numRead"`
	Written  int64  `json:"numWrite"`
	Errors   int64  `json:"nErrors"`
}

// contentOf tells of a pipeline that has ended, or was left out.
func contentOf(r *Runner, res *Result) Content {
	n := r.meter.Total()
	c := Content{Index: r.pipe.Index, State: res.State, ExitCode: res.ExitCode, Read: n.Read, Written: n.Written, Errors: n.Errors()}
	if res.Err != nil {
		c.Error = res.Err.Error()
	}
	return c
}
