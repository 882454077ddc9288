package job

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/config"
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

// longestFolder is how many bytes the name of a folder may have, with room for
// a pipeline's index.
const longestFolder = 240

// identity refuses a name that no folder can have.
func (p *parser) identity(name string) {
	if n := len(url.PathEscape(name)); n > longestFolder {
		fault := &config.Error{File: p.options.File, Msg: "the state is kept in a folder of the file's name"}
		if !unnamed[p.options.JobName] {
			fault = &config.Error{File: "-jobName", Msg: "the state is kept in a folder of this name"}
		}
		fault.Msg += fmt.Sprintf(", and it would have %d bytes, more than %d (a character that a folder's name may not have takes three for each of its bytes): give a shorter -jobName", n, longestFolder)
		p.add(fault)
	}
}

// PipelineIdentity returns what the state of a pipeline is kept under.
func (j *Job) PipelineIdentity(p Pipeline) string {
	return j.Identity + "-" + strconv.Itoa(p.Index)
}
