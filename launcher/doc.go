// Package launcher turns a checked job file into a running job and its result.
//
// [New] builds the plugins that the file names and never dials. [Runner.Run]
// locks the job's state, decides whether this run is fresh or goes on with an
// earlier one, plans and stores the splits, and lets a pump move the rows while
// a coordinator stores how far they are. [Runner.Status] may be asked all the
// while, [Result] says how it ended.
//
// There is no state in the package: many jobs can run in one process, each with
// its own budget, meter and logger.
package launcher
