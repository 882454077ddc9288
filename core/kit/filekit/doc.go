// Package filekit is what reader/file and writer/file share: where files lie,
// how they are packed and in which charset their texts are.
//
// [Opener] and [Disk] are the seams behind which other places than the local
// file system can come; [OpenerOf] and [DiskOf] choose by the scheme of a
// path. The local one is the only one so far: s3://, sftp:// and the like are
// errors of class Config that say so, and so are the host and protocol keys of
// FlinkX's ftp plugins ([Remote]).
//
// Invariants: nothing is opened before Open; an error of the operating system
// names the path and what to do about it ([Failed]).
package filekit
