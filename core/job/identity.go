package job

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strconv"
	"strings"
)

// unnamed are the names that FlinkX and ChunJun give a job that got none.
var unnamed = map[string]bool{"": true, "Flink_Job": true, "Flink Job": true}

// Identity returns the name that a job's state is kept under: name, unless
// that is one of FlinkX's defaults; else the base name of its file without
// extension; else, for standard input ("" or "-") and inline text, a hash of the text.
// A pipeline's state is kept under that plus the pipeline's index; see [Job.PipelineIdentity].
func Identity(name, file string, text []byte) string {
	if !unnamed[name] {
		return name
	}
	if file != "" && file != "-" {
		base := filepath.Base(file)
		if stem := strings.TrimSuffix(base, filepath.Ext(base)); stem != "" {
			return stem
		}
		return base
	}
	sum := sha256.Sum256(text)
	return "inline-" + hex.EncodeToString(sum[:8])
}

// PipelineIdentity returns what the state of a pipeline is kept under.
func (j *Job) PipelineIdentity(p Pipeline) string {
	return j.Identity + "-" + strconv.Itoa(p.Index)
}
