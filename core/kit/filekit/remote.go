package filekit

import (
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// Remote are the keys by which FlinkX's ftp and hdfs plugins name a server.
// There is none to name yet: a config embeds it and calls [Remote.Check].
type Remote struct {
	// Where the files are; local is all there is so far, ftp and sftp are errors.
	Protocol string `json:"protocol"`
	// Server of the files; only local files can be used so far.
	Host string `json:"host"`
	// File system of the files; file:/// is all there is so far.
	DefaultFS string `json:"defaultFS"`
}

// Check refuses what is not local.
func (r *Remote) Check() error {
	const remedy = "only local files can be used so far: mount or copy them and leave it out"
	switch p := strings.ToLower(r.Protocol); {
	case p != "" && p != "local" && p != "file":
		return config.Fieldf("protocol", "%q: %s", r.Protocol, remedy)
	case r.Host != "":
		return config.Fieldf("host", "%q: %s", r.Host, remedy)
	case r.DefaultFS != "" && !strings.HasPrefix(strings.ToLower(r.DefaultFS), "file:"):
		return config.Fieldf("defaultFS", "%q: %s", r.DefaultFS, remedy)
	}
	return nil
}

// RemoteNoEffect names the other keys of such plugins.
func RemoteNoEffect() map[string]string {
	none := map[string]string{}
	for _, key := range []string{"port", "username", "password", "privateKeyPath", "connectPattern", "timeout", "controlEncoding", "hadoopConfig"} {
		none[key] = "files are local"
	}
	return none
}
