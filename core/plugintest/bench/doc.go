// Command bench measures datasync beside the native tools of each system, as
// `make bench` does: rows per second, MB per second, allocations per row, CPU
// seconds per million rows and peak memory, and the native tool's figures of
// the same minutes as ratios.
//
//	bench [-run REGEXP] [-n PAIRS] [-rows N] [-json] [-cpuprofile DIR]
//
// Invariants:
//
//   - Whole processes are measured, from their start to their end: datasync as
//     it is built for users, the native tools as they are installed.
//   - Runs alternate (A B A B), every figure is a median, and a ratio is the
//     median of the ratios of neighbours: on a machine that others use too the
//     speeds move, the ratios hardly do. A/A says how much two neighbouring runs
//     of the same program differ.
//   - A run that did not move every row, by its own report or by a count of
//     what is in the target, is an error.
//   - Targets are emptied between runs, outside of the time that is measured;
//     all contenders write to the same table.
//   - The exit code says whether everything could be measured. A target that is
//     missed is shown and is no error: nothing timed decides whether a change is
//     good.
//
// Servers come from package servers; tables and files are made once and kept in
// a folder (-dir) for the next time.
package main
