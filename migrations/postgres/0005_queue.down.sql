DROP INDEX proctor.execution_admitted;
