package sqlserver

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// The statements of every step, as they are documented.
func TestAlter(t *testing.T) {
	text := record.Column{Name: "c", Kind: record.String, Native: "nvarchar(10)", Length: 10}
	long := record.Column{Name: "c", Kind: record.String, Native: "varchar(50)", Length: 50, Nullable: true}
	number := record.Column{Name: "c", Kind: record.Int64, Native: "bigint"}
	there := &sqlkit.TableColumn{Column: text, Collation: "Latin1_General_CI_AS"}
	for name, c := range map[string]struct {
		step sqlwrite.Step
		want string
	}{
		"add": {sqlwrite.Step{Kind: sqlwrite.AddColumn, Name: "c", Column: number}, "ALTER TABLE [dbo].[t] ADD [c] bigint NULL"},
		"add with a default": {sqlwrite.Step{Kind: sqlwrite.AddColumn, Name: "c", Column: number, Value: &sqlkit.Value{Kind: record.Int64, Text: "5"}},
			"ALTER TABLE [dbo].[t] ADD [c] bigint NULL DEFAULT 5 WITH VALUES"},
		"another default": {sqlwrite.Step{Kind: sqlwrite.SetDefault, Name: "c", Column: text, Value: &sqlkit.Value{Kind: record.String, Text: "it's"}},
			"DECLARE @name nvarchar(300) = (SELECT QUOTENAME(name) FROM sys.default_constraints WHERE parent_object_id = OBJECT_ID(N'[dbo].[t]') AND parent_column_id = COLUMNPROPERTY(OBJECT_ID(N'[dbo].[t]'), N'c', 'ColumnId'));" +
				" IF @name IS NOT NULL EXEC(N'ALTER TABLE [dbo].[t] DROP CONSTRAINT ' + @name); ALTER TABLE [dbo].[t] ADD DEFAULT N'it''s' FOR [c]"},
		"drop":                     {sqlwrite.Step{Kind: sqlwrite.DropColumn, Name: "c"}, "ALTER TABLE [dbo].[t] DROP COLUMN [c]"},
		"rename":                   {sqlwrite.Step{Kind: sqlwrite.RenameColumn, Name: "b", Column: text}, "EXEC sp_rename N'[dbo].[t].[b]', N'c', N'COLUMN'"},
		"change":                   {sqlwrite.Step{Kind: sqlwrite.ChangeColumn, Name: "c", Column: long, There: there}, "ALTER TABLE [dbo].[t] ALTER COLUMN [c] nvarchar(100) COLLATE Latin1_General_CI_AS NULL"},
		"no text any longer":       {sqlwrite.Step{Kind: sqlwrite.ChangeColumn, Name: "c", Column: number, There: there}, "ALTER TABLE [dbo].[t] ALTER COLUMN [c] bigint NOT NULL"},
		"takes NULL":               {sqlwrite.Step{Kind: sqlwrite.RelaxColumn, Name: "c", Column: text, There: there}, "ALTER TABLE [dbo].[t] ALTER COLUMN [c] nvarchar(10) COLLATE Latin1_General_CI_AS NULL"},
		"takes NULL once changed":  {sqlwrite.Step{Kind: sqlwrite.RelaxColumn, Name: "c", Column: long, There: there}, "ALTER TABLE [dbo].[t] ALTER COLUMN [c] nvarchar(100) COLLATE Latin1_General_CI_AS NULL"},
		"empty":                    {sqlwrite.Step{Kind: sqlwrite.EmptyTable}, "TRUNCATE TABLE [dbo].[t]"},
		"no table":                 {sqlwrite.Step{Kind: sqlwrite.DropTable}, "DROP TABLE [dbo].[t]"},
		"another name for a table": {sqlwrite.Step{Kind: sqlwrite.RenameTable, To: record.Name{Schema: "dbo", Table: "u"}}, "EXEC sp_rename N'[dbo].[t]', N'u'"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := (&driver{}).Alter(t.Context(), nil, record.Name{Schema: "dbo", Table: "t"}, c.step)
			if err != nil || strings.Join(got, "; ") != c.want {
				t.Errorf("got %s (%v), want %s", got, err, c.want)
			}
		})
	}
}
