package convert_test

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

func TestParseType(t *testing.T) {
	for text, want := range map[string]convert.Type{
		"int": {Kind: record.Int64, Bits: 32}, "INT(11)": {Kind: record.Int64, Bits: 32}, "int unsigned": {Kind: record.Uint64, Bits: 32}, "BIGINT(20) UNSIGNED ZEROFILL": {Kind: record.Uint64, Bits: 64}, "unsigned bigint": {Kind: record.Uint64, Bits: 64},
		"tinyint": {Kind: record.Int64, Bits: 8}, "byte": {Kind: record.Int64, Bits: 8}, "mediumint": {Kind: record.Int64, Bits: 24}, "int identity": {Kind: record.Int64, Bits: 32}, "long": {Kind: record.Int64, Bits: 64},
		"boolean": {Kind: record.Bool}, "float": {Kind: record.Float32, Bits: 32}, "double  precision": {Kind: record.Float64, Bits: 64}, "real": {Kind: record.Float32, Bits: 32},
		"decimal": {Kind: record.Decimal}, "decimal(10, 2)": {Kind: record.Decimal, Precision: 10, Scale: 2}, "NUMBER(5)": {Kind: record.Decimal, Precision: 5}, "decimal(10,2) unsigned": {Kind: record.Decimal, Precision: 10, Scale: 2},
		"varchar(255)": {Kind: record.String, Length: 255}, "varchar(max)": {Kind: record.String}, "character varying(5)": {Kind: record.String, Length: 5}, "enum('a','b')": {Kind: record.String}, "string NOT NULL": {Kind: record.String}, "text": {Kind: record.String},
		"blob": {Kind: record.Bytes}, "binary(16)": {Kind: record.Bytes, Length: 16}, "bytea": {Kind: record.Bytes}, "date": {Kind: record.Date}, "time(6)": {Kind: record.Time, Scale: 6},
		"datetime(3)": {Kind: record.Datetime, Scale: 3}, "timestamp": {Kind: record.Timestamp}, "timestamp(3) with time zone": {Kind: record.Timestamp, Scale: 3}, "timestamp(6) without time zone": {Kind: record.Datetime, Scale: 6}, "timestamptz": {Kind: record.Timestamp}, "datetimeoffset(7)": {Kind: record.Timestamp, Scale: 7},
		"interval": {Kind: record.Interval}, "json": {Kind: record.JSON}, "jsonb": {Kind: record.JSON}, "array<int>": {Kind: record.JSON}, "map<string,int>": {Kind: record.JSON}, "int[]": {Kind: record.JSON}, "_int4": {Kind: record.JSON}, "varchar(10)[]": {Kind: record.JSON},
		"uuid": {Kind: record.UUID}, "uniqueidentifier": {Kind: record.UUID}, "year": {Kind: record.Int64, Bits: 16},
	} {
		got, err := convert.ParseType(text)
		want.Text = text
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	// FlinkX's and ChunJun's, of all generations, and DataX's.
	for _, text := range strings.Split("STRING,VARCHAR,VARCHAR2,CHAR,NVARCHAR,TEXT,KEYWORD,BINARY,INT,INT32,INTEGER,MEDIUMINT,TINYINT,SMALLINT,BIGINT,LONG,INT64,FLOAT,DOUBLE,DECIMAL,NUMBER(10),BOOLEAN,DATE,TIMESTAMP,DATETIME,TIME,"+
		"BIT,TINYINT UNSIGNED,SMALLINT UNSIGNED,MEDIUMINT UNSIGNED,INT UNSIGNED,INTEGER UNSIGNED,BIGINT UNSIGNED,REAL,FLOAT UNSIGNED,DOUBLE UNSIGNED,NUMERIC,DECIMAL UNSIGNED,TINYTEXT,MEDIUMTEXT,LONGTEXT,JSON,ENUM,SET,TINYBLOB,BLOB,MEDIUMBLOB,LONGBLOB,VARBINARY,GEOMETRY,YEAR,"+
		"int2,smallserial,int4,serial,int8,bigserial,oid,float4,double precision,float8,bool,character,bpchar,character varying,character_varying,name,jsonb,uuid,xml,money,point,bytea,timetz,timestamptz,_int4,_text,"+
		"int identity,smallmoney,varchar(max),nchar,ntext,uniqueidentifier,image,datetime2,smalldatetime,datetimeoffset,INT16,INT24,UINT16,UINT32,UINT64,SERIAL8,DEC,BIGDECIMAL,SHORT,FLOAT32,FLOAT64,SMALLFLOAT,DECFLOAT,DOUBLEPRECISION,"+
		"Long,Double,String,Boolean,Bool,Date,Bytes,timestamp(3) with time zone,varchar(9) NOT NULL,array<string>", ",") {
		if _, err := convert.ParseType(text); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "blorb", "decimal(2,5)", "decimal(0)", "int(", "unsigned"} {
		if _, err := convert.ParseType(bad); errclass.Of(err) != errclass.Config {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
