// Package job turns a job file of FlinkX, ChunJun (both generations) into a
// typed, checked [Job]: a list of pipelines and the settings they share.
//
// [Parse] replaces ${name} and ${env:NAME}, reads the text leniently, decodes
// everything but the plugins' own parameters, and hands those over as decoders
// that already know where they stand in the file. It reports all faults
// together, with JSON path, line and column, under class errclass.Config.
// Keys that are known to the original tools and mean nothing here are noted.
//
// Two front doors lead to the same settings: job.setting, and the properties
// of -confProp. Where both say something about the same thing, -confProp wins,
// as the command line does everywhere.
//
// Only config and errclass are imported; names of plugins are resolved to
// connector names here, whether such a plugin exists is the registry's matter.
package job
